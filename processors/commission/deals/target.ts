import type { DealVersion } from '../../../catalog/catalog.ts'
import type { Fact, FactOf, History } from '../history.ts'

/** What one component owes for one thing (a deposit, a day, a trade) by the whole history of a player. */
export type Target = {
  /** Names the position within the deal version: the component and the thing. */
  key: string
  component: string
  /** 1e-8 units, signed; rounded half-even, before anything is added. */
  units: bigint
  currency: string
  /** The fact that earns it. */
  eventId: string
  fact: Fact
  /** The sum in words. */
  formula: string
}

/** One deal type: from the facts to its targets. Pure, and independent of the order in which the facts came. */
export type DealType<Component> = (component: Component, facts: FactList, deal: DealVersion) => Target[]

export type FactList = readonly (readonly [eventId: string, fact: Fact])[]

/** Facts in the order of what happened: (occurred_at, event_id). */
export function factsInOrder(history: History): FactList {
  return Object.entries(history.facts).sort(([a, x], [b, y]) => x.at - y.at || (a < b ? -1 : a > b ? 1 : 0))
}

export function isFact<T extends Fact['t']>(type: T) {
  return (entry: readonly [string, Fact]): entry is readonly [string, FactOf<T>] => entry[1].t === type
}
