import type { DealComponent } from '../../../catalog/catalog.ts'
import { textFromMoney } from '../../../schemas/money.ts'
import type { FactOf } from '../history.ts'
import { type DealType, type FactList, isFact } from './target.ts'

type Cpa = Extract<DealComponent, { type: 'cpa' }>

/**
 * A fixed amount once per player and deal version, on the earliest deposit of at least `min_deposit` in the component's
 * currency that was not charged back in full. Part of a deposit charged back changes nothing.
 */
export const cpa: DealType<Cpa> = (component, facts) => {
  const earning = facts.filter(isFact('deposit')).find(([, deposit]) => qualifies(deposit, component) && !isChargedBack(deposit, facts))
  if (earning === undefined) return []
  const [eventId, fact] = earning
  return [
    {
      key: `${component.id}/${eventId}`,
      component: component.id,
      units: component.amountUnits,
      currency: component.currency,
      eventId,
      fact,
      formula: `${textFromMoney(component.amountUnits)} ${component.currency} for the first deposit of at least ${textFromMoney(component.minDepositUnits)} ${component.currency}: ${textFromMoney(BigInt(fact.amt))}`,
    },
  ]
}

function qualifies(deposit: FactOf<'deposit'>, component: Cpa): boolean {
  return deposit.cur === component.currency && BigInt(deposit.amt) >= component.minDepositUnits
}

function isChargedBack(deposit: FactOf<'deposit'>, facts: FactList): boolean {
  let sum = 0n
  for (const [, fact] of facts) {
    if (fact.t === 'chargeback' && fact.int === deposit.int && fact.ref === deposit.ext && fact.cur === deposit.cur) sum += BigInt(fact.amt)
  }
  return sum >= BigInt(deposit.amt)
}
