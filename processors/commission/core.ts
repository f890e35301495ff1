import type { Catalog, DealComponent, DealVersion } from '../../catalog/catalog.ts'
import { dealVersionAt } from '../../catalog/catalog.ts'
import { type Goal, movementsTo, type Movement } from './booking.ts'
import { cpa } from './deals/cpa.ts'
import { perLot } from './deals/per-lot.ts'
import { revshare } from './deals/revshare.ts'
import { type FactList, factsInOrder, type Target } from './deals/target.ts'
import { bindingVersion, type BoundTo, type History } from './history.ts'
import { standingOf, wordsOf } from './standing.ts'

export type PositionMovement = Movement & { position: string }

/**
 * Price is a function of the player's history: the facts in event-time order, under the deal version that was valid at
 * registration, give what should be booked; the movements are that minus what is booked.
 * @param catalogOf the catalog of a version; commission uses exactly the one that the registration names
 */
export function movementsOf(history: History, catalogOf: (version: string) => Catalog): PositionMovement[] {
  const goals = goalsOf(history, catalogOf)
  const positions = new Set([...Object.keys(history.booked), ...goals.keys()])
  return [...positions]
    .sort()
    .flatMap((position) => movementsTo(goals.get(position) ?? null, history.booked[position]).map((movement) => ({ ...movement, position })))
}

/** What should stand in the books, by position; positions that owe nothing are left out. */
export function goalsOf(history: History, catalogOf: (version: string) => Catalog): Map<string, NonNullable<Goal>> {
  const goals = new Map<string, NonNullable<Goal>>()
  const { binding } = history
  const catalogVersion = bindingVersion(history)
  if (binding === null || binding.affiliate === null || binding.offer === null || catalogVersion === null) return goals
  const deal = dealVersionAt(catalogOf(catalogVersion), binding.affiliate, binding.offer, binding.boundAtMs)
  if (deal === null) return goals

  const facts = factsInOrder(history)
  const words = wordsOf(facts)
  for (const target of deal.components.flatMap((component) => targetsOf(component, facts, deal))) {
    const standing = standingOf({ eventId: target.eventId, fact: target.fact }, binding.eventId, history, words)
    if (target.units === 0n || standing.state === 'reversed') continue
    goals.set(`${deal.id}/${deal.version}/${target.key}`, { ...termsOf(target, deal, binding, catalogVersion), state: standing.state, why: standing.why })
  }
  return goals
}

function targetsOf(component: DealComponent, facts: FactList, deal: DealVersion): Target[] {
  switch (component.type) {
    case 'cpa':
      return cpa(component, facts, deal)
    case 'revshare':
      return revshare(component, facts, deal)
    case 'per_lot':
      return perLot(component, facts, deal)
  }
}

function termsOf(target: Target, deal: DealVersion, binding: BoundTo, catalogVersion: string) {
  return {
    amt: String(target.units),
    affiliate: binding.affiliate ?? '',
    deal: deal.id,
    version: deal.version,
    component: target.component,
    cur: target.currency,
    eventId: target.eventId,
    rc: target.fact.rc,
    at: target.fact.at,
    cat: catalogVersion,
    formula: target.formula,
  }
}
