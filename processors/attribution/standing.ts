import type { DispositionReason, PlayerEvent } from '../../schemas/records.generated.ts'
import { isClickPlayer } from './bind.ts'
import type { Player } from './core.ts'
import { foundClick, NO_CLICK } from './found-click.ts'
import { bindingOf, type OpenFact, parkedEvent, type PlayerDoc } from './player-doc.ts'

type Said = 'parked' | 'unattributed' | 'applied'
/** The record in hand and its fact. */
type Arrival = { fact: OpenFact; event: PlayerEvent; bytes: Buffer }

/**
 * Says of every fact what has changed: its disposition, and that it no longer waits. The record in hand comes first,
 * since index 0 of an input is the answer to the record itself.
 */
export function settleFacts(player: Player, arrival?: Arrival): void {
  if (arrival !== undefined) settleArrival(player, arrival)
  for (const fact of player.doc.f) settleFact(player, fact)
}

function settleArrival(player: Player, { fact, event, bytes }: Arrival): void {
  const { state, reason } = standingOf(fact, player)
  if (state === 'parked') {
    fact.p = bytes.toString('base64')
    player.out.attributed(event, 'parked', null, NO_CLICK)
  } else {
    emitFact(player, event)
  }
  say(player, fact, state, reason)
}

function settleFact(player: Player, fact: OpenFact): void {
  const { state, reason } = standingOf(fact, player)
  if (fact.s === state && fact.w === reason) return
  const waited = state === 'parked' ? null : parkedEvent(fact)
  if (waited !== null) {
    delete fact.p
    emitFact(player, waited)
  }
  say(player, fact, state, reason)
}

function say({ out }: Player, fact: OpenFact, state: Said, reason: DispositionReason | null): void {
  fact.s = state
  fact.w = reason
  out.disposition({ receiptId: fact.r, eventId: fact.e }, state, reason)
}

function emitFact({ doc, brandId, playerId, context, out }: Player, event: PlayerEvent): void {
  const binding = bindingOf(doc, brandId, playerId)
  out.attributed(event, 'event', binding, foundClick(binding, doc.m?.cat ?? '', context.signals.clicks))
}

/** Waiting comes before everything that could be said about a fact. */
function standingOf(fact: OpenFact, { doc, playerId }: Player): { state: Said; reason: DispositionReason | null } {
  const missing = missingOf(fact, doc, playerId)
  if (missing !== null) return { state: fact.x === 1 ? 'unattributed' : 'parked', reason: missing }
  const reason = bindingReason(doc)
  if (reason !== null) return { state: 'unattributed', reason }
  return { state: 'applied', reason: lacksRate(fact, doc) ? 'currency_without_rate' : null }
}

function missingOf(fact: OpenFact, doc: PlayerDoc, playerId: string): DispositionReason | null {
  if (doc.m === null && !isClickPlayer(playerId)) return 'registration_missing'
  return fact.n === undefined ? null : 'reference_missing'
}

function bindingReason(doc: PlayerDoc): DispositionReason | null {
  const reason = doc.b?.[8] ?? 'bound'
  return reason === 'bound' ? null : reason
}

function lacksRate(fact: OpenFact, doc: PlayerDoc): boolean {
  if (fact.c === undefined || doc.m === null) return false
  const paid = fact.k === 'd' ? doc.m.rates.deposit : doc.m.rates.revenue
  return paid !== null && !paid.includes(fact.c)
}
