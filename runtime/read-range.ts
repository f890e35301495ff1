import kafka from '@confluentinc/kafka-javascript'
import { type KafkaRecord, recordFromMessage } from './consume-loop.ts'
import { StuckError } from './lifecycle.ts'

const READ_BATCH = 2_000
const READ_TIMEOUT_MS = 500
const CONNECT_TIMEOUT_MS = 30_000
const QUERY_TIMEOUT_MS = 10_000
const DISCONNECT_TIMEOUT_MS = 3_000
const STALL_MS = 30_000
const NEW_TOPIC_MS = 10_000
const NEW_TOPIC_PAUSE_MS = 100
/** Unknown partition, unknown topic, leader not available, not the leader. */
const UNKNOWN_YET = new Set([-190, -188, 3, 5, 6])

export type Marks = { low: number; high: number }

/** Reads the log outside every group: a rebuild, a replayed plan, a look-up. Nothing is committed. */
export type LogReader = {
  /** First and next offset of a partition. */
  watermarks(topic: string, partition: number): Promise<Marks>
  /** The first offset whose log time is at or after `timestampMs`; the end of the log when there is none. */
  offsetAt(topic: string, partition: number, timestampMs: number): Promise<number>
  /** Every record with from <= offset < to that is still in the log, in order. @throws when they do not come. */
  read(range: { topic: string; partition: number; from: number; to: number }): AsyncGenerator<KafkaRecord[]>
  close(): Promise<void>
}

export async function createLogReader(options: { brokers: string; clientId: string; client?: Record<string, unknown> }): Promise<LogReader> {
  const consumer = new kafka.KafkaConsumer(
    {
      'metadata.broker.list': options.brokers,
      'client.id': options.clientId,
      // The client wants a group even when it only assigns; nothing is ever committed under it.
      'group.id': `${options.clientId}.reader.${process.pid}`,
      'enable.auto.commit': false,
      'fetch.wait.max.ms': 50,
      ...options.client,
    } as kafka.ConsumerGlobalConfig,
    { 'auto.offset.reset': 'earliest' },
  )
  consumer.setDefaultConsumeTimeout(READ_TIMEOUT_MS)
  ;(consumer as typeof consumer & { setDefaultIsTimeoutOnlyForFirstMessage(only: boolean): void }).setDefaultIsTimeoutOnlyForFirstMessage(true)
  await new Promise<void>((resolve, reject) => {
    consumer.connect({ timeout: CONNECT_TIMEOUT_MS, allTopics: false } as kafka.MetadataOptions, (error) => (error ? reject(error) : resolve()))
  })

  function queryMarks(topic: string, partition: number): Promise<Marks | kafka.LibrdKafkaError> {
    return new Promise((resolve) => {
      consumer.queryWatermarkOffsets(topic, partition, QUERY_TIMEOUT_MS, (error, marks) => resolve(error ?? { low: marks.lowOffset, high: marks.highOffset }))
    })
  }

  async function watermarks(topic: string, partition: number): Promise<Marks> {
    const deadlineMs = Date.now() + NEW_TOPIC_MS
    for (;;) {
      const marks = await queryMarks(topic, partition)
      if ('low' in marks) return marks
      // A topic that was created a moment ago is not known everywhere yet.
      if (!UNKNOWN_YET.has(marks.code) || Date.now() > deadlineMs) throw new Error(`${topic}/${partition} cannot be read`, { cause: marks })
      await new Promise((resolve) => setTimeout(resolve, NEW_TOPIC_PAUSE_MS))
      // The client keeps "unknown" in mind until it is made to look again.
      await new Promise((resolve) => consumer.getMetadata({ topic, timeout: QUERY_TIMEOUT_MS } as kafka.MetadataOptions, resolve))
    }
  }

  function next(): Promise<KafkaRecord[]> {
    return new Promise((resolve, reject) => {
      consumer.consume(READ_BATCH, (error, messages) => (error ? reject(error) : resolve(messages.map(recordFromMessage))))
    })
  }

  // One range at a time: the client has one assignment.
  let turn: Promise<void> = Promise.resolve()
  async function* read(range: { topic: string; partition: number; from: number; to: number }): AsyncGenerator<KafkaRecord[]> {
    const before = turn
    let release: () => void = () => {}
    turn = new Promise((resolve) => {
      release = resolve
    })
    await before
    try {
      const marks = await watermarks(range.topic, range.partition)
      const to = Math.min(range.to, marks.high)
      let position = Math.max(range.from, marks.low)
      if (position >= to) return
      consumer.assign([{ topic: range.topic, partition: range.partition, offset: position } as kafka.TopicPartition])
      let lastMs = Date.now()
      while (position < to) {
        // The client may still hand out what it had fetched for the range before.
        const records = (await next()).filter((record) => isWithin(record, range, position, to))
        const last = records.at(-1)
        if (records[0] !== undefined && last !== undefined && (records[0].offset !== position || last.offset !== position + records.length - 1)) {
          throw new Error(`${range.topic}/${range.partition}: offsets ${records[0].offset} to ${last.offset} came where ${position} was due`)
        }
        if (last === undefined) {
          if (Date.now() - lastMs > STALL_MS) throw new Error(`${range.topic}/${range.partition}: offset ${position} did not come within ${STALL_MS} ms`)
          continue
        }
        lastMs = Date.now()
        position = last.offset + 1
        yield records
      }
    } finally {
      consumer.unassign()
      release()
    }
  }

  return {
    watermarks,
    offsetAt: (topic, partition, timestampMs) =>
      new Promise((resolve, reject) => {
        consumer.offsetsForTimes([{ topic, partition, offset: timestampMs } as kafka.TopicPartitionOffset], QUERY_TIMEOUT_MS, (error, found) => {
          if (error) return void reject(error)
          const offset = (found as { offset?: number }[])[0]?.offset ?? -1
          if (offset >= 0) resolve(offset)
          else watermarks(topic, partition).then((marks) => resolve(marks.high), reject)
        })
      }),
    read,
    close: () =>
      new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new StuckError(`the reader did not close within ${DISCONNECT_TIMEOUT_MS} ms`)), DISCONNECT_TIMEOUT_MS)
        consumer.disconnect(() => {
          clearTimeout(timer)
          resolve()
        })
      }),
  }
}

function isWithin(record: KafkaRecord, range: { topic: string; partition: number }, from: number, to: number): boolean {
  return record.topic === range.topic && record.partition === range.partition && record.offset >= from && record.offset < to
}
