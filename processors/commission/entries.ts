import { hash } from 'node:crypto'
import type { LedgerEntry } from '../../schemas/records.generated.ts'
import type { PositionMovement } from './core.ts'
import type { Booked, History } from './history.ts'

export type EntryContext = {
  brandId: string
  playerId: string
  partition: number
  sourceOffset: number
  /** Log time, ms. */
  bookedAtMs: number
  nextIndex: () => number
}

/**
 * The two entries of a movement, and the books after it. Ids follow from the place in the log, so the same log gives
 * byte-identical entries.
 */
export function entriesOf(movement: PositionMovement, history: History, context: EntryContext): [LedgerEntry, LedgerEntry] {
  const [index, second] = [context.nextIndex(), context.nextIndex()]
  const place = `${context.brandId}:${context.playerId}/${context.partition}/${context.sourceOffset}`
  const transactionId = `tx_${digest(`${place}/${index}`)}`
  const base = baseEntry(movement, context, transactionId)
  const out: LedgerEntry = { ...base, entry_id: `le_${digest(`${place}/${index}/out`)}`, account: movement.from, amount: -movement.units, index }
  const into: LedgerEntry = { ...base, entry_id: `le_${digest(`${place}/${second}/in`)}`, account: movement.to, amount: movement.units, index: second }
  book(history, movement, into.entry_id)
  return [out, into]
}

function baseEntry(movement: PositionMovement, context: EntryContext, transactionId: string): Omit<LedgerEntry, 'entry_id' | 'account' | 'amount' | 'index'> {
  const { terms } = movement
  return {
    transaction_id: transactionId,
    event_id: terms.eventId,
    receipt_id: terms.rc,
    brand_id: context.brandId,
    player_id: context.playerId,
    affiliate_id: terms.affiliate,
    deal_id: terms.deal,
    deal_version: terms.version,
    component_id: terms.component,
    entry_type: movement.entryType,
    currency: terms.cur,
    occurred_at: terms.at,
    booked_at: context.bookedAtMs,
    formula: movement.entryType === 'accrual' ? terms.formula : `${terms.formula}; ${movement.why}`,
    corrects: movement.corrects,
    catalog_version: terms.cat,
    source_offset: context.sourceOffset,
  }
}

function book(history: History, movement: PositionMovement, entryId: string): void {
  if (movement.to === 'expense') {
    delete history.booked[movement.position]
    return
  }
  history.booked[movement.position] = { ...movement.terms, account: movement.to, entry: entryId } satisfies Booked
}

function digest(text: string): string {
  return hash('sha256', text, 'hex').slice(0, 32)
}
