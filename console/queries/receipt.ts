import type { Reader } from '../reader.ts'
import type { BindingRow, EventRow, LedgerRow, ReceiptRow, VerdictRow } from '../rows.ts'
import { bindingOf } from './player.ts'

const LEDGER_ENTRIES_MAX = 1_000
export const LEDGER_ORDER = 'booked_at, source_offset, `index`, entry_id'

export type Receipt = ReceiptRow & {
  occurred_at: string | null
  binding: BindingRow | null
  verdict: VerdictRow | null
  ledger_entries: LedgerRow[]
  kafka: { topic: string; partition: number; offset: number } | null
}

/** Everything known of one accepted event; null when no receipt has this id. */
export async function findReceipt(reader: Reader, receiptId: string, topic: string): Promise<Receipt | null> {
  const params = { id: receiptId }
  const [receipts, events, entries] = await Promise.all([
    reader.rows<ReceiptRow>('SELECT * FROM receipts WHERE receipt_id = {id:String} LIMIT 1', params),
    reader.rows<EventRow>('SELECT * FROM events WHERE receipt_id = {id:String} LIMIT 1', params),
    reader.rows<LedgerRow>(`SELECT * FROM ledger WHERE receipt_id = {id:String} ORDER BY ${LEDGER_ORDER} LIMIT ${LEDGER_ENTRIES_MAX}`, params),
  ])
  const receipt = receipts[0]
  if (receipt === undefined) return null
  const event = events[0]
  const [binding, verdicts] = await Promise.all([
    event === undefined ? null : bindingOf(reader, event.brand_id, event.player_id),
    reader.rows<VerdictRow>("SELECT * FROM verdicts WHERE subject_type = 'event' AND subject_id = {id:String} LIMIT 1", { id: receipt.event_id }),
  ])
  return {
    ...receipt,
    occurred_at: event?.occurred_at ?? null,
    binding,
    verdict: verdicts[0] ?? null,
    ledger_entries: entries,
    kafka: event === undefined ? null : { topic, partition: event.kafka_partition, offset: event.kafka_offset },
  }
}

/** The receipt under which an event was accepted. */
export async function receiptOfEvent(reader: Reader, eventId: string): Promise<string | null> {
  const rows = await reader.rows<{ receipt_id: string }>('SELECT receipt_id FROM receipts WHERE event_id = {id:String} LIMIT 1', { id: eventId })
  return rows[0]?.receipt_id ?? null
}
