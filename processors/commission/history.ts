import type { OperatorStatus, ScoredEvent, Verdict } from '../../schemas/records.generated.ts'

/**
 * What commission remembers of a player: every fact, whenever it occurred, the newest binding, the settled verdicts and
 * what is booked. One JSON document a player; amounts are texts of 1e-8 units, since JSON numbers would lose digits.
 */
export type History = {
  /** Layout of the document. */
  v: 1
  binding: BoundTo | null
  /** Catalog versions, named by their place in this list. */
  catalogs: string[]
  /** By event id. */
  facts: Record<string, Fact>
  /** Newest settled verdict by event id. */
  verdicts: Record<string, { decision: Verdict['decision']; revision: number }>
  /** By position key. */
  booked: Record<string, Booked>
}

export type BoundTo = {
  affiliate: string | null
  offer: string | null
  /** The registration that binds, or the first event of a player who is a click. */
  eventId: string
  boundAtMs: number
  /** The newer binding of two is the one with the larger (offset, index). */
  offset: number
  index: number
}

/** `at` is occurred_at in ms, `int` the integration, `ext` the external event id, `cat` the place of the catalog version. */
export type Fact = { at: number; int: string; ext: string; rc: string; cat: number } & (
  | { t: 'registration' | 'withdrawal' }
  | { t: 'deposit'; amt: string; cur: string }
  | { t: 'trade_closed'; lots: string }
  | { t: 'revenue_reported'; amt: string; cur: string; period: string; rev: number }
  | { t: 'chargeback'; amt: string; cur: string; ref: string }
  | { t: 'status_change'; ref: string; status: OperatorStatus }
)

export type FactOf<T extends Fact['t']> = Extract<Fact, { t: T }>

/** What stands in the books for one position. Its money is always in one account as a whole. */
export type Booked = {
  account: 'pending' | 'held' | 'approved'
  amt: string
  /** Everything else that a later entry for this position must repeat. */
  affiliate: string
  deal: string
  version: number
  component: string
  cur: string
  eventId: string
  rc: string
  at: number
  cat: string
  formula: string
  /** The entry that put the money where it is. */
  entry: string
}

export const emptyHistory = (): History => ({ v: 1, binding: null, catalogs: [], facts: {}, verdicts: {}, booked: {} })

export function historyFromDoc(doc: string | null): History {
  return doc === null ? emptyHistory() : (JSON.parse(doc) as History)
}

/** The catalog version of the event that binds, whose terms hold; null while nobody is bound. */
export function bindingVersion(history: History): string | null {
  const registration = history.binding === null ? undefined : history.facts[history.binding.eventId]
  return registration === undefined ? null : (history.catalogs[registration.cat] ?? null)
}

/** Takes a scored event into the history. Repetition changes nothing, whatever the order. Answers whether anything changed. */
export function remember(history: History, scored: ScoredEvent): boolean {
  const { attributed, verdict } = scored
  if (attributed.kind !== 'event') return false
  const facts = rememberFact(history, attributed.event)
  const binding = rememberBinding(history, attributed.binding)
  const settled = rememberVerdict(history, scored.event_id, verdict)
  return facts || binding || settled
}

function rememberFact(history: History, event: ScoredEvent['attributed']['event']): boolean {
  if (history.facts[event.event_id] !== undefined) return false
  const fact = factFromEvent(event, placeOf(history.catalogs, event.catalog_version))
  if (fact === null) return false
  history.facts[event.event_id] = fact
  return true
}

function rememberBinding(history: History, binding: ScoredEvent['attributed']['binding']): boolean {
  if (binding === null) return false
  const known = history.binding
  if (known !== null && (binding.source_offset < known.offset || (binding.source_offset === known.offset && binding.index <= known.index))) return false
  history.binding = {
    affiliate: binding.affiliate_id,
    offer: binding.offer_id,
    eventId: binding.event_id,
    boundAtMs: binding.bound_at,
    offset: binding.source_offset,
    index: binding.index,
  }
  return true
}

/** A provisional verdict changes no money, so only settled ones are kept, the highest revision of each event. */
function rememberVerdict(history: History, eventId: string, verdict: Verdict | null): boolean {
  if (verdict === null || !verdict.settled) return false
  const known = history.verdicts[eventId]
  if (known !== undefined && known.revision >= verdict.revision) return false
  history.verdicts[eventId] = { decision: verdict.decision, revision: verdict.revision }
  return known?.decision !== verdict.decision
}

function placeOf(catalogs: string[], version: string): number {
  const place = catalogs.indexOf(version)
  return place >= 0 ? place : catalogs.push(version) - 1
}

/** Null for an event that is no fact (a tick), or lacks what its type demands: ingest lets none of these in. */
function factFromEvent(event: ScoredEvent['attributed']['event'], cat: number): Fact | null {
  const base = { at: event.occurred_at, int: event.integration_id, ext: event.external_event_id, rc: event.receipt_id, cat }
  const { amount, currency } = event
  switch (event.event_type) {
    case 'registration':
    case 'withdrawal':
      return { ...base, t: event.event_type }
    case 'deposit':
      return amount === null || currency === null ? null : { ...base, t: 'deposit', amt: String(amount), cur: currency }
    case 'trade_closed':
      return event.lots === null ? null : { ...base, t: 'trade_closed', lots: String(event.lots) }
    case 'revenue_reported':
      if (amount === null || currency === null || event.period === null || event.revision === null) return null
      return { ...base, t: 'revenue_reported', amt: String(amount), cur: currency, period: event.period, rev: event.revision }
    case 'chargeback':
      if (amount === null || currency === null || event.refers_to === null) return null
      return { ...base, t: 'chargeback', amt: String(amount), cur: currency, ref: event.refers_to }
    case 'status_change':
      if (event.refers_to === null || event.status === null) return null
      return { ...base, t: 'status_change', ref: event.refers_to, status: event.status }
    case 'tick':
      return null
  }
}
