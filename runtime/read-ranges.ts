import kafka from '@confluentinc/kafka-javascript'
import { type KafkaRecord, placeKey, recordFromMessage } from './consume-loop.ts'

export type Range = { topic: string; partition: number; from: number; to: number }

const READ_BATCH = 5_000
const READ_TIMEOUT_MS = 100
const CONNECT_TIMEOUT_MS = 30_000
const QUERY_TIMEOUT_MS = 10_000
/** After this long without a record the log is asked whether the rest still exists. */
const QUIET_MS = 2_000
const STALL_MS = 30_000
/** Records behind the ranges are read too; after this many only what is missing is asked for. */
const SURPLUS_MAX = 10_000

type Wanted = Range & { next: number; records: KafkaRecord[] }
type Reader = InstanceType<typeof kafka.KafkaConsumer>

/**
 * Reads many ranges at once, outside every group: records by range, in the order of the ranges given. Complete or a
 * throw: only what retention has removed at the beginning of a range may be missing.
 */
export async function readRanges(options: { brokers: string; clientId: string; ranges: readonly Range[] }): Promise<KafkaRecord[][]> {
  const wanted: Wanted[] = options.ranges.map((range) => ({ ...range, next: range.from, records: [] }))
  if (wanted.length === 0) return []
  const consumer = await connectReader(options)
  try {
    await readAll(consumer, wanted)
  } finally {
    await disconnect(consumer)
  }
  return wanted.map(({ records }) => records)
}

async function readAll(consumer: Reader, wanted: readonly Wanted[]): Promise<void> {
  const open = new Map(wanted.filter(isOpen).map((range) => [placeKey(range.topic, range.partition), range]))
  if (open.size < wanted.filter(isOpen).length) throw new Error('two ranges of one partition cannot be read at once')
  const ask = () => consumer.assign([...open.values()].map(({ topic, partition, next }) => ({ topic, partition, offset: next })) as kafka.TopicPartition[])
  ask()
  let surplus = 0
  let lastMs = Date.now()
  while (open.size > 0) {
    let taken = 0
    const records = await consume(consumer)
    for (const record of records) if (take(open, record)) taken += 1
    surplus += records.length - taken
    if (taken > 0) lastMs = Date.now()
    else if (Date.now() - lastMs > STALL_MS) throw new Error(`${[...open.keys()].join(', ')} did not come within ${STALL_MS} ms`)
    else if (Date.now() - lastMs > QUIET_MS) await closeRemoved(consumer, open)
    if (surplus > SURPLUS_MAX && open.size > 0) {
      surplus = 0
      ask()
    }
  }
}

function isOpen({ next, to }: Wanted): boolean {
  return next < to
}

/** True when the record belongs to a range that is still open. */
function take(open: Map<string, Wanted>, record: KafkaRecord): boolean {
  const key = placeKey(record.topic, record.partition)
  const range = open.get(key)
  if (range === undefined || record.offset < range.next) return false
  if (record.offset > range.next && range.records.length > 0) throw new Error(`${key}: offset ${record.offset} came where ${range.next} was due`)
  if (record.offset < range.to) range.records.push(record)
  range.next = record.offset + 1
  if (!isOpen(range)) open.delete(key)
  return true
}

/** Retention may have removed a whole range; nothing of it will ever come. */
async function closeRemoved(consumer: Reader, open: Map<string, Wanted>): Promise<void> {
  for (const [key, range] of open) {
    const low = await new Promise<number>((resolve, reject) => {
      consumer.queryWatermarkOffsets(range.topic, range.partition, QUERY_TIMEOUT_MS, (error, marks) => (error ? reject(error) : resolve(marks.lowOffset)))
    })
    if (low >= range.to) open.delete(key)
  }
}

async function connectReader(options: { brokers: string; clientId: string }): Promise<Reader> {
  const consumer = new kafka.KafkaConsumer(
    {
      'metadata.broker.list': options.brokers,
      'client.id': options.clientId,
      // The client wants a group even when it only assigns; nothing is ever committed under it.
      'group.id': `${options.clientId}.ranges.${process.pid}`,
      'enable.auto.commit': false,
      'fetch.wait.max.ms': 50,
    } as kafka.ConsumerGlobalConfig,
    { 'auto.offset.reset': 'earliest' },
  )
  consumer.setDefaultConsumeTimeout(READ_TIMEOUT_MS)
  // Its types do not know it: wait for the first record only, not for the full batch.
  ;(consumer as Reader & { setDefaultIsTimeoutOnlyForFirstMessage(only: boolean): void }).setDefaultIsTimeoutOnlyForFirstMessage(true)
  await new Promise<void>((resolve, reject) => {
    consumer.connect({ timeout: CONNECT_TIMEOUT_MS, allTopics: false } as kafka.MetadataOptions, (error) => (error ? reject(error) : resolve()))
  })
  return consumer
}

function consume(consumer: Reader): Promise<KafkaRecord[]> {
  return new Promise((resolve, reject) => {
    consumer.consume(READ_BATCH, (error, messages) => (error ? reject(error) : resolve(messages.map(recordFromMessage))))
  })
}

function disconnect(consumer: Reader): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, 3_000)
    consumer.disconnect(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
