import type { Binding, Click, Disposition, EdgeOutcome, LedgerEntry, PlayerEvent, Reason, Verdict } from '../../schemas/records.generated.ts'
import {
  RowError,
  type Write,
  writeArray,
  writeBool,
  writeFloat64,
  writeInt32,
  writeInt64,
  writeMoney,
  writeNullable,
  writeText,
  writeTextMap,
  writeTime,
  writeUInt16,
  writeUInt32FromInt32,
  writeUInt64,
} from './row-binary.ts'

/** Where in the log a row comes from. */
export type Origin = { partition: number; offset: number; timestampMs: number }
export type Row<T> = Origin & { record: T }
export type DeadLetterRow = {
  dead_letter_id: string
  receipt_id: string | null
  step: string
  reason: string
  topic: string
  partition: number
  offset: number
  at: number
}

export type TableName = 'clicks' | 'events' | 'dispositions' | 'bindings' | 'verdict_revisions' | 'ledger' | 'dead_letters' | 'edge_outcomes'

/** How the rows of a base table are written. Columns that are absent here are computed by the table. */
export type Table<T> = {
  name: TableName
  columns: readonly string[]
  /** @throws RowError when a column cannot hold its value */
  write: Write<Row<T>>
  /** Rows with different answers go into different inserts: an insert is one part and atomic only within one partition. */
  cut(row: Row<T>): string
}

type Column<T> = readonly [name: string, write: Write<Row<T>>]

/** Bits of a version that hold the index of an output among those of its input. */
const INDEX_BITS = 20n
const INDEX_MAX = 2 ** 20 - 1
/** The version of a current verdict holds the revision above and the offset below this bit. */
const VERDICT_REVISION_MAX = 2 ** 19 - 1
const VERDICT_OFFSET_MAX = 2 ** 44 - 1
const NO_CUT = () => ''

const text = writeText
const maybeText = writeNullable(writeText)
const maybeMoney = writeNullable(writeMoney)
const maybeInt32 = writeNullable(writeInt32)

export const clicksTable: Table<Click> = table('clicks', (row) => month(row.record.occurred_at), [
  field('click_id', text),
  field('link_id', text),
  field('affiliate_id', text),
  field('offer_id', text),
  field('brand_id', text),
  field('occurred_at', writeTime),
  field('received_at', writeTime),
  field('source', text),
  field('external_click_id', maybeText),
  field('affiliate_click_id', maybeText),
  field('sub_ids', writeTextMap),
  field('ip_hash', text),
  field('ip_prefix', text),
  field('ip_class', text),
  field('asn', writeNullable(writeUInt32FromInt32)),
  field('country', maybeText),
  field('device_hash', text),
  field('browser', maybeText),
  field('os', maybeText),
  field('referrer_host', maybeText),
  field('is_bot', writeBool),
  field('is_test', writeBool),
  field('catalog_version', text),
  ...place<Click>(),
])

export const eventsTable: Table<PlayerEvent> = table('events', (row) => month(row.record.received_at), [
  field('event_id', text),
  field('receipt_id', text),
  field('brand_id', text),
  field('player_id', text),
  field('integration_id', text),
  field('event_type', text),
  field('external_event_id', text),
  field('occurred_at', writeTime),
  field('received_at', writeTime),
  field('click_id', maybeText),
  field('promo_code', maybeText),
  field('amount', maybeMoney),
  field('currency', maybeText),
  field('lots', maybeMoney),
  field('instrument', maybeText),
  field('account_type', maybeText),
  field('account_id', maybeText),
  field('period', maybeText),
  field('revision', maybeInt32),
  field('refers_to', maybeText),
  field('status', maybeText),
  field('attributes', writeTextMap),
  field('content_hash', text),
  field('is_test', writeBool),
  field('catalog_version', text),
  ...place<PlayerEvent>(),
  ['log_time', (out, row) => writeTime(out, row.timestampMs)],
])

export const dispositionsTable: Table<Disposition> = table('dispositions', NO_CUT, [
  field('disposition_id', text),
  field('receipt_id', text),
  field('event_id', text),
  field('disposition', text),
  field('reason', maybeText),
  field('at', writeTime),
  field('source_partition', writeInt32),
  field('source_offset', writeInt64),
  field('index', writeInt32),
  ['version', (out, row) => writeUInt64(out, versionOfPosition(row.record))],
])

export const bindingsTable: Table<Binding> = table('bindings', NO_CUT, [
  field('binding_id', text),
  field('brand_id', text),
  field('player_id', text),
  field('affiliate_id', maybeText),
  field('offer_id', maybeText),
  field('link_id', maybeText),
  field('click_id', maybeText),
  field('clicked_at', writeNullable(writeTime)),
  field('bound_at', writeTime),
  field('evidence', text),
  field('reason', text),
  field('candidates', writeArray(text)),
  field('event_id', text),
  field('source_offset', writeInt64),
  field('index', writeInt32),
  ['version', (out, row) => writeUInt64(out, versionOfPosition(row.record))],
])

export const verdictsTable: Table<Verdict> = table('verdict_revisions', NO_CUT, [
  field('verdict_id', text),
  field('subject_type', text),
  field('subject_id', text),
  field('affiliate_id', maybeText),
  field('brand_id', maybeText),
  field('player_id', maybeText),
  field('event_time', writeTime),
  field('decision', text),
  field('score', writeInt32),
  ['revision', (out, row) => writeInt32(out, boundedRevision(row))],
  field('settled', writeBool),
  field('completeness', writeFloat64),
  field('scored_at', writeTime),
  reason('rule_ids', text, (reason) => reason.rule_id),
  reason('rule_versions', writeInt32, (reason) => reason.rule_version),
  reason('observed', writeNullable(writeFloat64), (reason) => reason.observed),
  reason('thresholds', writeNullable(writeFloat64), (reason) => reason.threshold),
  reason('windows_ms', writeNullable(writeInt64), (reason) => reason.window_ms),
  reason('ns', writeNullable(writeInt64), (reason) => reason.n),
  reason('shadows', writeBool, (reason) => reason.shadow),
  reason('texts', text, (reason) => reason.text),
  field('catalog_version', text),
  ...place<Verdict>(),
])

export const ledgerTable: Table<LedgerEntry> = table('ledger', NO_CUT, [
  field('entry_id', text),
  field('transaction_id', text),
  field('event_id', text),
  field('receipt_id', text),
  field('brand_id', text),
  field('player_id', text),
  field('affiliate_id', text),
  field('deal_id', text),
  field('deal_version', writeInt32),
  field('component_id', text),
  field('entry_type', text),
  field('account', text),
  field('amount', writeMoney),
  field('currency', text),
  field('occurred_at', writeTime),
  field('booked_at', writeTime),
  field('formula', text),
  field('corrects', maybeText),
  field('catalog_version', text),
  field('source_offset', writeInt64),
  field('index', writeInt32),
  ...place<LedgerEntry>(),
])

export const deadLettersTable: Table<DeadLetterRow> = table('dead_letters', NO_CUT, [
  field('dead_letter_id', text),
  field('receipt_id', maybeText),
  field('step', text),
  field('reason', text),
  field('topic', text),
  field('partition', writeInt32),
  field('offset', writeInt64),
  field('at', writeTime),
  ['kafka_offset', (out, row) => writeInt64(out, row.offset)],
])

export const edgeOutcomesTable: Table<EdgeOutcome> = table('edge_outcomes', NO_CUT, [
  field('outcome_id', text),
  field('minute', writeTime),
  field('integration_id', text),
  field('outcome', text),
  field('reason', text),
  field('quantity', writeInt64),
  field('at', writeTime),
])

function table<T>(name: TableName, cut: (row: Row<T>) => string, columns: readonly Column<T>[]): Table<T> {
  const writers = columns.map(([, write]) => write)
  return {
    name,
    columns: columns.map(([column]) => column),
    write(out, row) {
      const start = out.length
      try {
        for (const write of writers) write(out, row)
      } catch (error) {
        // Half a row would shift every row behind it.
        out.length = start
        throw error
      }
    },
    cut,
  }
}

/** A column that holds the field of its name. */
function field<T, K extends keyof T & string>(name: K, write: Write<T[K]>): Column<T> {
  return [name, (out, row) => write(out, row.record[name])]
}

/** A column that holds one property of every reason. */
function reason<T>(name: string, write: Write<T>, of: (reason: Reason) => T): Column<Verdict> {
  const writeAll = writeArray(write)
  return [name, (out, row) => writeAll(out, row.record.reasons.map(of))]
}

function place<T>(): Column<T>[] {
  return [
    ['kafka_partition', (out, row) => writeUInt16(out, row.partition)],
    ['kafka_offset', (out, row) => writeInt64(out, row.offset)],
  ]
}

function versionOfPosition(position: { source_offset: number; index: number }): bigint {
  const { source_offset: offset, index } = position
  if (offset < 0 || index < 0 || index > INDEX_MAX || offset > VERDICT_OFFSET_MAX) {
    throw new RowError('integer_out_of_range', `position ${offset}.${index} does not fit a version`)
  }
  return (BigInt(offset) << INDEX_BITS) | BigInt(index)
}

function boundedRevision(row: Row<Verdict>): number {
  const { revision } = row.record
  if (revision < 1 || revision > VERDICT_REVISION_MAX || row.offset > VERDICT_OFFSET_MAX) {
    throw new RowError('integer_out_of_range', `revision ${revision} does not fit a version`)
  }
  return revision
}

function month(timeMs: number): string {
  // A time that its column cannot hold is refused by the row, not here.
  return Number.isFinite(timeMs) && Math.abs(timeMs) < 8.64e15 ? new Date(timeMs).toISOString().slice(0, 7) : ''
}
