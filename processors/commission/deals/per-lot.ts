import type { DealComponent } from '../../../catalog/catalog.ts'
import { multiplyHalfEven, textFromMoney } from '../../../schemas/money.ts'
import { type DealType, isFact } from './target.ts'

type PerLot = Extract<DealComponent, { type: 'per_lot' }>

/** An amount for each closed standard lot, trade by trade. */
export const perLot: DealType<PerLot> = (component, facts) =>
  facts.filter(isFact('trade_closed')).map(([eventId, fact]) => ({
    key: `${component.id}/${eventId}`,
    component: component.id,
    units: multiplyHalfEven(BigInt(fact.lots), component.amountUnits),
    currency: component.currency,
    eventId,
    fact,
    formula: `${textFromMoney(BigInt(fact.lots))} lots x ${textFromMoney(component.amountUnits)} ${component.currency}`,
  }))
