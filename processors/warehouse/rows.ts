import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import { type Codec, CodecError, codecs } from '../../schemas/codec.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { deadLetterRowFrom } from './dead-letter-row.ts'
import { isAfter, type Position, START } from './position.ts'
import { bytesOf, createRowBuffer, type RowBuffer, RowError } from './row-binary.ts'
import {
  bindingsTable,
  clicksTable,
  deadLettersTable,
  dispositionsTable,
  edgeOutcomesTable,
  eventsTable,
  ledgerTable,
  type Table,
  type TableName,
  verdictsTable,
} from './tables.ts'

/** Rows for one insert: one table, one ClickHouse partition. */
export type Insert = { table: TableName; columns: readonly string[]; cut: string; rows: number; bytes: Buffer }
export type Refused = { record: KafkaRecord; reason: string }
export type Encoded = {
  inserts: Insert[]
  /** Records that cannot become a row, each with why; the others are not touched by them. */
  refused: Refused[]
  /** Position reached in each partition, where the topic has positions. */
  seen: Map<number, Position>
}

/** How the records of a topic become rows of a base table. */
export type TopicRows = {
  topic: TopicName
  table: TableName
  /** Records carry a position in the chain, and the first of a position counts. */
  hasPositions: boolean
  encode(records: readonly KafkaRecord[], seen: ReadonlyMap<number, Position>): Encoded
}

type Read<T> = (record: KafkaRecord) => { row: T | null; position: Position | null }

/** Every topic the warehouse keeps. What a verdict is about came by attributed-events too, which therefore is not read. */
export const topicRows: readonly TopicRows[] = [
  topicOf(
    'clicks',
    clicksTable,
    decoded(codecs.Click, (click) => click),
  ),
  // A tick only moves log time.
  topicOf(
    'player-events',
    eventsTable,
    decoded(codecs.PlayerEvent, (event) => (event.event_type === 'tick' ? null : event)),
  ),
  topicOf(
    'bindings',
    bindingsTable,
    decoded(codecs.Binding, (binding) => binding),
  ),
  topicOf(
    'scored-events',
    verdictsTable,
    (record) => {
      const scored = codecs.ScoredEvent.decode(valueOf(record))
      return { row: scored.verdict, position: { sourceOffset: scored.source_offset, index: scored.index } }
    },
    true,
  ),
  topicOf(
    'click-verdicts',
    verdictsTable,
    decoded(codecs.Verdict, (verdict) => verdict),
  ),
  topicOf(
    'ledger',
    ledgerTable,
    decoded(codecs.LedgerEntry, (entry) => entry),
  ),
  // `duplicate` is about a repeated record; the receipt keeps the disposition of the first.
  topicOf(
    'dispositions',
    dispositionsTable,
    decoded(codecs.Disposition, (disposition) => (disposition.disposition === 'duplicate' ? null : disposition)),
  ),
  topicOf('dead-letters', deadLettersTable, (record) => ({ row: deadLetterRowFrom(record), position: null })),
  topicOf(
    'edge-outcomes',
    edgeOutcomesTable,
    decoded(codecs.EdgeOutcome, (outcome) => outcome),
  ),
]

function decoded<T>(codec: Codec<T>, pick: (value: T) => T | null): Read<T> {
  return (record) => ({ row: pick(codec.decode(valueOf(record))), position: null })
}

function valueOf(record: KafkaRecord): Buffer {
  return record.value ?? Buffer.alloc(0)
}

function topicOf<T>(topic: TopicName, table: Table<T>, read: Read<T>, hasPositions = false): TopicRows {
  return {
    topic,
    table: table.name,
    hasPositions,
    encode(records, seenBefore) {
      const groups = new Map<string, { out: RowBuffer; rows: number }>()
      const refused: Refused[] = []
      const seen = new Map(seenBefore)
      for (const record of records) {
        const reason = problemOf(() => {
          const { row, position } = read(record)
          if (position !== null && !advance(seen, record.partition, position)) return
          if (row !== null) add(groups, table, record, row)
        })
        if (reason !== null) refused.push({ record, reason })
      }
      return { inserts: insertsOf(table, groups), refused, seen }
    },
  }
}

/** Null when it went well; a reason when the record is bad; a throw when the program is. */
function problemOf(encode: () => void): string | null {
  try {
    encode()
    return null
  } catch (error) {
    if (error instanceof CodecError) return 'undecodable'
    if (error instanceof RowError) return error.code
    throw error
  }
}

function advance(seen: Map<number, Position>, partition: number, position: Position): boolean {
  if (!isAfter(position, seen.get(partition) ?? START)) return false
  seen.set(partition, position)
  return true
}

function add<T>(groups: Map<string, { out: RowBuffer; rows: number }>, table: Table<T>, from: KafkaRecord, record: T): void {
  const row = { partition: from.partition, offset: from.offset, timestampMs: from.timestampMs, record }
  const cut = table.cut(row)
  const group = groups.get(cut) ?? { out: createRowBuffer(), rows: 0 }
  table.write(group.out, row)
  group.rows += 1
  groups.set(cut, group)
}

function insertsOf<T>(table: Table<T>, groups: Map<string, { out: RowBuffer; rows: number }>): Insert[] {
  return [...groups].map(([cut, { out, rows }]) => ({ table: table.name, columns: table.columns, cut, rows, bytes: bytesOf(out) }))
}
