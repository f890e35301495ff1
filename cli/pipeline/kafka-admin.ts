import kafka from '@confluentinc/kafka-javascript'

export type Place = { topic: string; partition: number }
/** By `topic/partition`. */
export type Offsets = Map<string, number>

/** What a command asks a cluster about, without being a member of any group. */
export type KafkaAdmin = {
  /** First and next offset of each partition. */
  earliest(places: Place[]): Promise<Offsets>
  latest(places: Place[]): Promise<Offsets>
  /** What a group has committed; a partition without a commit is absent. */
  committed(group: string): Promise<Offsets>
  /** Members that a group has now; 0 when there is no such group. */
  members(group: string): Promise<number>
  /** Forgets a group and its offsets. @throws while it has members */
  forget(group: string): Promise<void>
  /** Waits for the calls in flight. */
  close(): Promise<void>
}

const TIMEOUT_MS = 15_000
const GROUP_UNKNOWN = 69
const COMMITS_NONE = -1001

export const placeName = ({ topic, partition }: Place): string => `${topic}/${partition}`

export function createKafkaAdmin(brokers: string): KafkaAdmin {
  // A command ends by itself when the cluster does not answer; until then the client may try again silently.
  const admin = kafka.AdminClient.create({ 'metadata.broker.list': brokers, 'client.id': 'tributary-cli', log_level: 0 } as kafka.GlobalConfig)

  // To disconnect while a call is in flight is an assertion in the client, which ends the process.
  const inFlight = new Set<Promise<unknown>>()
  const call = <T>(start: Start<T>): Promise<T> => {
    const result = answerOf(start)
    const settled: Promise<unknown> = result.then(
      () => inFlight.delete(settled),
      () => inFlight.delete(settled),
    )
    inFlight.add(settled)
    return result
  }

  const offsets = async (places: Place[], offset: kafka.OffsetSpec): Promise<Offsets> => {
    const results = await call<kafka.ListOffsetsResult[]>((done) =>
      admin.listOffsets(
        places.map((place) => ({ ...place, offset })),
        { timeout: TIMEOUT_MS },
        done,
      ),
    )
    const failed = results.find((result) => result.error !== undefined)
    if (failed !== undefined) throw new Error(`the offsets of ${placeName(failed)} cannot be read`, { cause: failed.error })
    return new Map(results.map((result) => [placeName(result), result.offset]))
  }

  return {
    earliest: (places) => offsets(places, kafka.OffsetSpec.EARLIEST),
    latest: (places) => offsets(places, kafka.OffsetSpec.LATEST),
    async committed(group) {
      const results = await call<kafka.GroupResults[]>((done) => admin.listConsumerGroupOffsets([{ groupId: group }], { timeout: TIMEOUT_MS }, done))
      const [result] = results
      if (result?.error !== undefined) throw new Error(`the offsets of group ${group} cannot be read`, { cause: result.error })
      const known = (result?.partitions ?? []).filter((entry) => typeof entry.offset === 'number' && entry.offset >= 0 && entry.offset !== COMMITS_NONE)
      return new Map(known.map((entry) => [placeName(entry), Number(entry.offset)]))
    },
    async members(group) {
      const { groups } = await call<kafka.GroupDescriptions>((done) => admin.describeGroups([group], { timeout: TIMEOUT_MS }, done))
      const [description] = groups
      if (description?.error !== undefined && description.error.code !== GROUP_UNKNOWN)
        throw new Error(`group ${group} cannot be looked at`, { cause: description.error })
      return description?.members.length ?? 0
    },
    async forget(group) {
      const [result] = await call<kafka.DeleteGroupsResult[]>((done) => admin.deleteGroups([group], { timeout: TIMEOUT_MS }, done))
      const code = result?.error?.code ?? result?.errorCode ?? 0
      if (code !== 0 && code !== GROUP_UNKNOWN) throw new Error(`group ${group} cannot be forgotten`, { cause: result?.error })
    },
    async close() {
      await Promise.all(inFlight)
      admin.disconnect()
    },
  }
}

type Start<T> = (done: (error: kafka.LibrdKafkaError | null | undefined, result: T) => void) => void

function answerOf<T>(start: Start<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    start((error, result) => {
      if (error) reject(new Error(`Kafka does not answer: ${error.message}`, { cause: error }))
      else resolve(result)
    })
  })
}
