import type { DealComponent } from '../../../catalog/catalog.ts'
import { percentHalfEven, textFromMoney } from '../../../schemas/money.ts'
import type { FactOf } from '../history.ts'
import { type DealType, isFact } from './target.ts'

type RevShare = Extract<DealComponent, { type: 'revshare' }>

/** A percentage of the revenue of each day, by the latest revision per (integration, period, currency). Negative days count. */
export const revshare: DealType<RevShare> = (component, facts) => {
  const latest = new Map<string, readonly [string, FactOf<'revenue_reported'>]>()
  for (const entry of facts.filter(isFact('revenue_reported'))) {
    const [, fact] = entry
    if (fact.cur !== component.currency) continue
    const day = `${fact.int}/${fact.period}`
    const known = latest.get(day)
    if (known === undefined || fact.rev > known[1].rev) latest.set(day, entry)
  }
  return [...latest].map(([day, [eventId, fact]]) => ({
    key: `${component.id}/${day}`,
    component: component.id,
    units: percentHalfEven(BigInt(fact.amt), component.percentUnits),
    currency: component.currency,
    eventId,
    fact,
    formula: `${textFromMoney(component.percentUnits)} % of ${textFromMoney(BigInt(fact.amt))} ${fact.cur} net revenue on ${fact.period}, revision ${fact.rev}`,
  }))
}
