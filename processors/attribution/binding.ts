import type { PlayerEvent } from '../../schemas/records.generated.ts'
import { decisionFromEvent, ratesOf } from './bind.ts'
import type { Player } from './core.ts'
import { type OpenFact, parkedEvent, storedBinding } from './player-doc.ts'

/** Lets an event bind its player, or bind him to nobody, under the catalog that the event names. */
export function bindTo(event: PlayerEvent, { doc, context, settings, out, ...player }: Player): void {
  const catalog = context.signals.catalogs.get(event.catalog_version)
  if (catalog === undefined) throw new Error(`the catalog version ${event.catalog_version} was not loaded`)
  const decision = decisionFromEvent(event, catalog, settings.keys)
  doc.m = {
    e: event.event_id,
    r: event.receipt_id,
    t: event.occurred_at,
    l: doc.m?.l ?? context.logTimeMs,
    rates: ratesOf(decision, catalog),
    cat: event.catalog_version,
  }
  doc.b = storedBinding(out.binding(player, decision))
}

/** Says of a player whose waiting has ended that he belongs to nobody; a later registration still binds him. */
export function bindToNobody(late: OpenFact, { doc, out, ...player }: Player): void {
  const event = parkedEvent(late)
  if (event === null) throw new Error(`${late.e} has waited, but its record is not there`)
  const decision = {
    affiliate_id: null,
    offer_id: null,
    link_id: null,
    click_id: null,
    clicked_at: null,
    bound_at: event.occurred_at,
    evidence: 'none' as const,
    reason: late.w ?? 'registration_missing',
    candidates: [],
    event_id: event.event_id,
  }
  doc.b = storedBinding(out.binding(player, decision))
}
