import kafka from '@confluentinc/kafka-javascript'
import { StuckError } from './lifecycle.ts'
import type { Log } from './log.ts'

export type KafkaRecord = {
  topic: string
  partition: number
  offset: number
  /** The broker's append time: log time. */
  timestampMs: number
  key: Buffer | null
  value: Buffer | null
  headers: Record<string, Buffer>
}

export type Place = { topic: string; partition: number }
export type Commit = Place & { offset: number; metadata?: string }
export type AssignedPlace = Place & { committed: { offset: number; metadata: string } | null }

export type LoopHandler = {
  /** New partitions. Answers the offset to read from for each; -2 is the beginning of the log. */
  assigned(places: AssignedPlace[]): Promise<Commit[]>
  /** Records in log order within a partition; also called with none, at least every IDLE_MS. A throw ends the loop. */
  handle(records: KafkaRecord[]): Promise<void>
  /** The partitions go to somebody else after this; nothing may be committed for them any more. */
  revoked(places: Place[]): Promise<void>
}

export type LoopControl = {
  /** Commits at once and for certain. @throws when this member was fenced, or for a partition that is not owned. */
  commit(commits: Commit[]): void
}

export type LoopOptions = {
  brokers: string
  group: string
  clientId: string
  /** Static membership: the same name takes its partitions back at once after a crash. */
  instance: string | null
  topics: string[]
  batchMax: number
  createHandler: (control: LoopControl) => LoopHandler
  log: Log
  /** Further settings of the client: security. */
  client?: Record<string, unknown>
  sessionTimeoutMs?: number
}

export type ConsumeLoop = {
  /** Rejects when the loop cannot go on; resolves after stop(). */
  done: Promise<void>
  /** Partitions owned now. */
  owned(): Place[]
  /** Finishes the batch in flight, gives its partitions back, leaves. Rejects with what ended the loop before. */
  stop(): Promise<void>
}

export class ConsumeLoopError extends Error {
  readonly code: 'gap' | 'stalled' | 'client' | 'not_owner' | 'fenced'
  constructor(code: ConsumeLoopError['code'], message: string, options?: { cause: unknown }) {
    super(message, options)
    this.name = 'ConsumeLoopError'
    this.code = code
  }
}

type Rebalance = { kind: 'assign' | 'revoke'; places: Place[] }
type RawConsumer = InstanceType<typeof kafka.KafkaConsumer>

const IDLE_MS = 50
const SESSION_TIMEOUT_MS = 6_000
const MAX_POLL_INTERVAL_MS = 600_000
const QUEUED_KBYTES_MAX = 16_384
const COMMITTED_TIMEOUT_MS = 10_000
const CONNECT_TIMEOUT_MS = 30_000
const DISCONNECT_TIMEOUT_MS = 3_000
const WATCH_INTERVAL_MS = 5_000
const STALL_MS = 30_000
const WATERMARK_TIMEOUT_MS = 5_000
const ASSIGN_PARTITIONS = -175
const REVOKE_PARTITIONS = -174
const OFFSET_INVALID = -1001
/** Errors that pass by themselves: the client reconnects, and the loop asks again. */
const PASSING_ERRORS = new Set([-195, -187, -185, -184, -193, -192])

/**
 * Reads topics as a member of a group and is the only place that commits offsets. One batch at a time: read, handle,
 * read again. A rebalance is answered between two batches, so a partition is never given up with a batch in flight.
 * Offsets must follow one another: a hole means that the client or the log lost a record, and the loop stops loudly.
 */
export function runConsumeLoop(options: LoopOptions): ConsumeLoop {
  const rebalances: Rebalance[] = []
  const next = new Map<string, number>()
  const ownedPlaces = new Map<string, Place>()
  let stopping = false
  let left = false

  const consumer = createConsumer(options, (rebalance) => {
    // While the client closes it waits for its answer, and this loop no longer runs.
    if (left) consumer.unassign()
    else rebalances.push(rebalance)
  })
  const handler = options.createHandler({ commit })
  const watch = createWatch(consumer, next, options.log)

  function commit(commits: Commit[]) {
    if (commits.length === 0) return
    for (const { topic, partition } of commits) {
      // The broker checks that a committer is a member, not that it owns the partition: this loop must know itself.
      if (!ownedPlaces.has(placeKey(topic, partition))) {
        throw new ConsumeLoopError('not_owner', `a commit for ${topic}/${partition}, which this member does not own`)
      }
    }
    try {
      consumer.commitSync(commits as kafka.TopicPartitionOffset[])
    } catch (cause) {
      throw new ConsumeLoopError('fenced', 'the commit was refused: this member no longer belongs to the group', { cause })
    }
  }

  async function answer(rebalance: Rebalance) {
    if (rebalance.kind === 'revoke') {
      const places = [...ownedPlaces.values()]
      await handler.revoked(places)
      ownedPlaces.clear()
      next.clear()
      consumer.unassign()
      return
    }
    const committed = await committedOffsets(consumer, rebalance.places)
    for (const place of rebalance.places) ownedPlaces.set(placeKey(place.topic, place.partition), place)
    const starts = await handler.assigned(committed)
    for (const { topic, partition, offset } of starts) {
      if (offset >= 0) next.set(placeKey(topic, partition), offset)
    }
    consumer.assign(starts)
    watch.reset()
    options.log.info({ group: options.group, partitions: starts.length }, 'partitions assigned')
  }

  async function expectContinuous(records: KafkaRecord[]) {
    for (const { topic, partition, offset } of records) {
      const key = placeKey(topic, partition)
      const expected = next.get(key)
      if (expected !== undefined && offset !== expected && !(await isTruncated(consumer, topic, partition, expected, offset))) {
        throw new ConsumeLoopError('gap', `${topic}/${partition}: offset ${offset} came where ${expected} was due`)
      }
      next.set(key, offset + 1)
    }
  }

  async function run() {
    await connect(consumer)
    consumer.subscribe(options.topics)
    while (!stopping) {
      const rebalance = rebalances.shift()
      if (rebalance !== undefined) {
        await answer(rebalance)
        continue
      }
      const records = await consume(consumer, options.batchMax)
      // A rebalance that came during the read: these records belong to the assignment that ends, and are read again.
      if (rebalances.length > 0) continue
      await expectContinuous(records)
      await handler.handle(records)
      await watch.check(records.length)
    }
    const places = [...ownedPlaces.values()]
    await handler.revoked(places)
    ownedPlaces.clear()
  }

  const runAndLeave = async () => {
    try {
      await run()
    } finally {
      left = true
      await leave(consumer)
    }
  }
  const done = runAndLeave()
  done.catch(() => {})
  return {
    done,
    owned: () => [...ownedPlaces.values()],
    async stop() {
      stopping = true
      await done
    },
  }
}

export function placeKey(topic: string, partition: number): string {
  return `${topic}/${partition}`
}

function createConsumer(options: LoopOptions, onRebalance: (rebalance: Rebalance) => void): RawConsumer {
  const consumer = new kafka.KafkaConsumer(
    {
      'metadata.broker.list': options.brokers,
      'client.id': options.clientId,
      'group.id': options.group,
      ...(options.instance === null ? {} : { 'group.instance.id': `${options.group}.${options.instance}` }),
      'enable.auto.commit': false,
      'enable.auto.offset.store': false,
      'partition.assignment.strategy': 'range',
      'session.timeout.ms': options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS,
      'heartbeat.interval.ms': Math.floor((options.sessionTimeoutMs ?? SESSION_TIMEOUT_MS) / 4),
      'max.poll.interval.ms': MAX_POLL_INTERVAL_MS,
      'fetch.wait.max.ms': 50,
      'fetch.error.backoff.ms': 50,
      'fetch.queue.backoff.ms': 20,
      'queued.max.messages.kbytes': QUEUED_KBYTES_MAX,
      'reconnect.backoff.max.ms': 1_000,
      'socket.keepalive.enable': true,
      rebalance_cb: (error: kafka.LibrdKafkaError, places: kafka.TopicPartition[]) => {
        const list = places.map(({ topic, partition }) => ({ topic, partition }))
        if (error.code === ASSIGN_PARTITIONS) onRebalance({ kind: 'assign', places: list })
        else if (error.code === REVOKE_PARTITIONS) onRebalance({ kind: 'revoke', places: list })
      },
      ...options.client,
    } as unknown as kafka.ConsumerGlobalConfig,
    { 'auto.offset.reset': 'earliest' },
  )
  consumer.setDefaultConsumeTimeout(IDLE_MS)
  // Without this a read waits for the full batch; with it, for the first record only. The client's types do not know it.
  ;(consumer as RawConsumer & { setDefaultIsTimeoutOnlyForFirstMessage(only: boolean): void }).setDefaultIsTimeoutOnlyForFirstMessage(true)
  return consumer
}

function connect(consumer: RawConsumer): Promise<void> {
  return new Promise((resolve, reject) => {
    consumer.connect({ timeout: CONNECT_TIMEOUT_MS, allTopics: false } as kafka.MetadataOptions, (error) => {
      if (error) reject(new ConsumeLoopError('client', 'no broker could be reached', { cause: error }))
      else resolve()
    })
  })
}

function consume(consumer: RawConsumer, batchMax: number): Promise<KafkaRecord[]> {
  return new Promise((resolve, reject) => {
    consumer.consume(batchMax, (error, messages) => {
      if (error && !PASSING_ERRORS.has(error.code)) {
        reject(new ConsumeLoopError(error.code === -144 || error.code === 82 ? 'fenced' : 'client', 'the client cannot read', { cause: error }))
      } else resolve(error ? [] : messages.map(recordFromMessage))
    })
  })
}

/** The client's message in our words. */
export function recordFromMessage(message: kafka.Message): KafkaRecord {
  return {
    topic: message.topic,
    partition: message.partition,
    offset: message.offset,
    timestampMs: message.timestamp ?? 0,
    key: typeof message.key === 'string' ? Buffer.from(message.key) : (message.key ?? null),
    value: message.value,
    headers: message.headers === undefined ? NO_HEADERS : headersOf(message.headers),
  }
}

const NO_HEADERS: Record<string, Buffer> = Object.freeze({})

function headersOf(list: kafka.MessageHeader[]): Record<string, Buffer> {
  const headers: Record<string, Buffer> = {}
  for (const header of list) {
    for (const [key, value] of Object.entries(header)) headers[key] = Buffer.isBuffer(value) ? value : Buffer.from(String(value))
  }
  return headers
}

function committedOffsets(consumer: RawConsumer, places: Place[]): Promise<AssignedPlace[]> {
  if (places.length === 0) return Promise.resolve([])
  return new Promise((resolve, reject) => {
    consumer.committed(places as kafka.TopicPartition[], COMMITTED_TIMEOUT_MS, (error, found) => {
      if (error) return void reject(new ConsumeLoopError('client', 'committed offsets cannot be read', { cause: error }))
      resolve(
        (found as (Place & { offset?: number; metadata?: unknown })[]).map(({ topic, partition, offset, metadata }) => ({
          topic,
          partition,
          committed: offset === undefined || offset < 0 || offset === OFFSET_INVALID ? null : { offset, metadata: textOf(metadata) },
        })),
      )
    })
  })
}

function textOf(metadata: unknown): string {
  if (Buffer.isBuffer(metadata)) return metadata.toString('utf8')
  return typeof metadata === 'string' ? metadata : ''
}

/** Retention may have removed the records between; on a topic that is kept for ever this never holds. */
async function isTruncated(consumer: RawConsumer, topic: string, partition: number, expected: number, offset: number): Promise<boolean> {
  if (offset < expected) return false
  const marks = await watermarks(consumer, topic, partition)
  return marks !== null && marks.lowOffset >= offset
}

/** A client can stop delivering without an error while it goes on sending heartbeats: position against high watermark shows it. */
function createWatch(consumer: RawConsumer, next: ReadonlyMap<string, number>, log: Log) {
  let lastDeliveryMs = Date.now()
  let lastCheckMs = Date.now()
  return {
    reset() {
      lastDeliveryMs = Date.now()
    },
    async check(delivered: number) {
      const nowMs = Date.now()
      if (delivered > 0) lastDeliveryMs = nowMs
      if (nowMs - lastDeliveryMs < STALL_MS || nowMs - lastCheckMs < WATCH_INTERVAL_MS) return
      lastCheckMs = nowMs
      for (const [key, position] of next) {
        const slash = key.lastIndexOf('/')
        const marks = await watermarks(consumer, key.slice(0, slash), Number(key.slice(slash + 1)))
        if (marks === null) log.warn({ place: key }, 'the high watermark cannot be read')
        else if (marks.highOffset > position) {
          throw new ConsumeLoopError('stalled', `${key}: nothing came for ${STALL_MS} ms while ${marks.highOffset - position} records wait`)
        }
      }
    },
  }
}

function watermarks(consumer: RawConsumer, topic: string, partition: number): Promise<kafka.WatermarkOffsets | null> {
  return new Promise((resolve) => {
    consumer.queryWatermarkOffsets(topic, partition, WATERMARK_TIMEOUT_MS, (error, offsets) => resolve(error ? null : offsets))
  })
}

function leave(consumer: RawConsumer): Promise<void> {
  return new Promise((resolve, reject) => {
    if (!consumer.isConnected()) return void resolve()
    // A disconnect that waits for a rebalance nobody answers never ends: the deadline does.
    const timer = setTimeout(() => reject(new StuckError(`the consumer did not close within ${DISCONNECT_TIMEOUT_MS} ms`)), DISCONNECT_TIMEOUT_MS)
    consumer.disconnect(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
