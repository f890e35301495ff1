import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import { CodecError, codecs } from '../../schemas/codec.ts'
import type { DeadLetterRow } from './tables.ts'

const HEADER_CHARACTERS_MAX = 300
const SCHEMA_ID_AT = 1
const HEADER_BYTES = 5

/**
 * The row of a dead letter. A dead letter is never refused in turn: where a header is missing or makes no sense, the
 * place of the dead letter itself stands in.
 */
export function deadLetterRowFrom(record: KafkaRecord): DeadLetterRow {
  const header = (name: string) => record.headers[name]?.toString('utf8').slice(0, HEADER_CHARACTERS_MAX).toWellFormed() ?? ''
  const step = header('dlq-step') || 'unknown'
  const named = {
    topic: header('dlq-topic'),
    partition: integer(header('dlq-partition'), 2 ** 31 - 1),
    offset: integer(header('dlq-offset'), Number.MAX_SAFE_INTEGER),
  }
  const { topic, partition, offset } =
    named.topic === '' || named.partition === null || named.offset === null
      ? { topic: record.topic, partition: record.partition, offset: record.offset }
      : { topic: named.topic, partition: named.partition, offset: named.offset }
  return {
    dead_letter_id: `${step}~${topic}~${partition}~${offset}`,
    receipt_id: receiptIdOf(record.value),
    step,
    reason: header('dlq-reason') || 'unknown',
    topic,
    partition,
    offset,
    at: timeOf(header('dlq-at')) ?? record.timestampMs,
  }
}

function integer(text: string, max: number): number | null {
  return /^\d{1,16}$/.test(text) && Number(text) <= max ? Number(text) : null
}

function timeOf(text: string): number | null {
  const timeMs = Date.parse(text)
  return Number.isFinite(timeMs) && timeMs >= 0 && timeMs < Date.UTC(2262, 0, 1) ? timeMs : null
}

/** The receipt that the original bytes speak of, where they can be read. */
function receiptIdOf(value: Buffer | null): string | null {
  if (value === null || value.length < HEADER_BYTES) return null
  try {
    return receiptIdBySchema(value, value.readUInt32BE(SCHEMA_ID_AT))
  } catch (error) {
    if (error instanceof CodecError) return null
    throw error
  }
}

function receiptIdBySchema(value: Buffer, schemaId: number): string | null {
  switch (schemaId) {
    case codecs.PlayerEvent.id:
      return codecs.PlayerEvent.decode(value).receipt_id
    case codecs.AttributedEvent.id:
      return codecs.AttributedEvent.decode(value).event.receipt_id
    case codecs.ScoredEvent.id:
      return codecs.ScoredEvent.decode(value).attributed.event.receipt_id
    case codecs.LedgerEntry.id:
      return codecs.LedgerEntry.decode(value).receipt_id
    case codecs.Disposition.id:
      return codecs.Disposition.decode(value).receipt_id
    default:
      return null
  }
}
