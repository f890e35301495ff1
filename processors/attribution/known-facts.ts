import type { PlayerEvent } from '../../schemas/records.generated.ts'
import { isClickPlayer } from './bind.ts'
import { chargebackMark, eventMark, identityMark, placeOfMark, referenceMark, revenueMark, SHORT_MARK } from './marks.ts'
import { type OpenFact, type PlayerDoc, recall, type Standing } from './player-doc.ts'

/** How a record is taken in. `stands`: it is a fact of the player; of the others only `conflict` claims an identity of its own. */
type Admission = 'repeated' | 'test' | 'other_content' | 'conflict' | 'stands'
type Moment = { logTimeMs: number; parkMs: number }

/**
 * Decides whether a record is a new fact, in the order of precedence: what was seen already changes nothing, test
 * traffic is outside of everything, then come the conflicts. Test traffic claims no identity: what a sender tried out
 * shall not stand in the way of the real thing.
 */
export function admit(event: PlayerEvent, doc: PlayerDoc, moment: Moment): Admission {
  const known = recall(doc, identityMark(event), eventMark(event.event_id))
  if (known === 'repeated') return 'repeated'
  if (event.is_test) return 'test'
  if (known === 'other_content') return 'other_content'
  if (event.event_type === 'revenue_reported' && placeOfMark(doc.q, revenueMark(event), SHORT_MARK) >= 0) return 'conflict'
  if (event.event_type === 'registration' && doc.g !== null && !mayReplace(event, doc.g, firstOfPlayerMs(event, doc), moment)) return 'conflict'
  return 'stands'
}

/** Puts the identity of an admitted record into the document. Answers the facts that had waited for it. */
export function rememberFact(event: PlayerEvent, doc: PlayerDoc): OpenFact[] {
  doc.h += identityMark(event) + eventMark(event.event_id)
  if (event.event_type === 'revenue_reported') add(doc, 'q', revenueMark(event))
  if (event.event_type === 'status_change' || event.external_event_id === '') return []
  const reference = referenceMark(event.integration_id, event.external_event_id)
  const isChargeback = event.event_type === 'chargeback'
  add(doc, 'o', isChargeback ? chargebackMark(event.integration_id, event.external_event_id) : reference)
  const released = doc.f.filter((fact) => fact.n === reference && (!isChargeback || fact.k === 's'))
  for (const fact of released) delete fact.n
  return released
}

/**
 * The mark of the original that an event refers to, or null when it is there or none is needed. A chargeback is no
 * original of another one, and no word of the operator is an original of anything.
 */
export function missingOriginal(event: PlayerEvent, doc: PlayerDoc): string | null {
  if (event.refers_to === null || (event.event_type !== 'chargeback' && event.event_type !== 'status_change')) return null
  const reference = referenceMark(event.integration_id, event.refers_to)
  if (placeOfMark(doc.o, reference, SHORT_MARK) >= 0) return null
  if (event.event_type === 'chargeback') return reference
  return placeOfMark(doc.o, chargebackMark(event.integration_id, event.refers_to), SHORT_MARK) >= 0 ? null : reference
}

/** The order in which events come first: by time, then by id. */
export function compareEvents(a: PlayerEvent, b: PlayerEvent): number {
  return a.occurred_at - b.occurred_at || (a.event_id < b.event_id ? -1 : 1)
}

/** Whether an event that may bind takes the place of the one that binds now. */
export function isToBind(event: PlayerEvent, doc: PlayerDoc, moment: Moment): boolean {
  return doc.m === null || mayReplace(event, doc.m, doc.m.l, moment)
}

/** Earlier in (occurred_at, event_id), and no later in the log than the correction window after the first. */
function mayReplace(event: PlayerEvent, standing: Standing, firstMs: number, { logTimeMs, parkMs }: Moment): boolean {
  const earlier = event.occurred_at < standing.t || (event.occurred_at === standing.t && event.event_id < standing.e)
  return earlier && logTimeMs - firstMs <= parkMs
}

/** Of a click, the first event opened the window; a registration can then not be moved without moving what binds. */
function firstOfPlayerMs(event: PlayerEvent, doc: PlayerDoc): number {
  const registeredMs = doc.g?.l ?? 0
  return isClickPlayer(event.player_id) ? Math.min(registeredMs, doc.m?.l ?? registeredMs) : registeredMs
}

function add(doc: PlayerDoc, list: 'o' | 'q', mark: string): void {
  if (placeOfMark(doc[list], mark, SHORT_MARK) < 0) doc[list] += mark
}
