import type { KafkaRecord } from './consume-loop.ts'
import type { OutputRecord } from './producer.ts'

/**
 * The original bytes under the original key, with where they stood, which step refused them and why, so that they can
 * be looked at and, when the cause is gone, sent again.
 * @param topic of the dead letters, with the namespace
 * @param atMs when it happened; log time where the output must be the same when it is made again
 */
export function deadLetterFrom(record: KafkaRecord, topic: string, why: { step: string; reason: string; atMs: number }): OutputRecord {
  return {
    topic,
    partition: null,
    key: record.key,
    value: record.value ?? Buffer.alloc(0),
    headers: {
      'dlq-topic': record.topic,
      'dlq-partition': String(record.partition),
      'dlq-offset': String(record.offset),
      'dlq-step': why.step,
      'dlq-reason': why.reason,
      'dlq-at': new Date(why.atMs).toISOString(),
    },
  }
}
