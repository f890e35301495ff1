import currencyCodes from 'currency-codes'

/** Money, lots and percents are bigint in units of 10^-8. */
export const UNITS_PER_ONE = 100_000_000n

const DIGITS_AFTER_MAX = 8
/** Digits before the point, as written; what fits is far inside decimal(38,8). */
const DIGITS_BEFORE_MAX = 15

/** positive: more than zero; signed: any number, with a leading minus below zero. */
export type Sign = 'positive' | 'signed'

export type DecimalProblem =
  | 'not_a_decimal' // something else than digits, one point and, where allowed, a minus
  | 'too_many_digits_before' // more than 15 before the point
  | 'too_many_digits_after' // more than the currency, or the field, has
  | 'not_positive' // zero or less where more is needed

export type MoneyProblem = DecimalProblem | 'unknown_currency'

/**
 * ISO 4217 gives these codes no number of decimals (metals, bond units, tests, "no currency"),
 * so there is nothing an amount could be checked against.
 */
const WITHOUT_DIGITS = new Set(['XAG', 'XAU', 'XBA', 'XBB', 'XBC', 'XBD', 'XDR', 'XPD', 'XPT', 'XSU', 'XTS', 'XUA', 'XXX'])

/** In force, and newer than the list of the package: the guilder of Curaçao, where many operators are licensed. */
const NEWER_CODES: [string, number][] = [['XCG', 2]]

const digitsByCode: ReadonlyMap<string, number> = new Map([
  ...currencyCodes.data.filter(({ code }) => !WITHOUT_DIGITS.has(code)).map(({ code, digits }) => [code, digits] as const),
  ...NEWER_CODES,
])

/** True for an ISO 4217 code in capitals that has a number of decimals. */
export function isCurrency(code: string): boolean {
  return digitsByCode.has(code)
}

/** Decimals of a currency: 0 of JPY, 2 of EUR, 3 of KWD; null when the code is unknown. */
export function currencyDigits(code: string): number | null {
  return digitsByCode.get(code) ?? null
}

/** Reads an amount in a currency. Leading zeros count as digits and change nothing ("007.5" is 7.5). */
export function moneyFromText(text: string, currency: string, sign: Sign = 'positive'): bigint | MoneyProblem {
  const digits = currencyDigits(currency)
  return digits === null ? 'unknown_currency' : decimalFromText(text, digits, sign)
}

const DECIMAL = /^(-?)([0-9]+)(?:\.([0-9]+))?$/

/** Reads a decimal with at most `maxDigitsAfter` (0 to 8) digits after the point. */
export function decimalFromText(text: string, maxDigitsAfter: number, sign: Sign = 'positive'): bigint | DecimalProblem {
  const match = DECIMAL.exec(text)
  if (match === null) return 'not_a_decimal'
  const [, minus = '', before = '', after = ''] = match
  if (before.length > DIGITS_BEFORE_MAX) return 'too_many_digits_before'
  if (after.length > Math.min(maxDigitsAfter, DIGITS_AFTER_MAX)) return 'too_many_digits_after'
  const units = BigInt(before + after.padEnd(DIGITS_AFTER_MAX, '0'))
  if (sign === 'signed') return minus === '' ? units : -units
  return minus === '' && units > 0n ? units : 'not_positive'
}

/** Writes units as a plain decimal without needless zeros: 150000000n is "1.5". */
export function textFromMoney(units: bigint): string {
  const magnitude = units < 0n ? -units : units
  const whole = magnitude / UNITS_PER_ONE
  const fraction = (magnitude % UNITS_PER_ONE).toString().padStart(DIGITS_AFTER_MAX, '0').replace(/0+$/, '')
  return `${units < 0n ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`
}

/** a * b, rounded once to 8 decimals, half to even. */
export function multiplyHalfEven(aUnits: bigint, bUnits: bigint): bigint {
  return divideHalfEven(aUnits * bUnits, UNITS_PER_ONE)
}

/** percent of an amount, rounded once to 8 decimals, half to even. */
export function percentHalfEven(amountUnits: bigint, percentUnits: bigint): bigint {
  return divideHalfEven(amountUnits * percentUnits, 100n * UNITS_PER_ONE)
}

/** numerator / denominator (more than zero) to the nearest integer, half to even. */
export function divideHalfEven(numerator: bigint, denominator: bigint): bigint {
  const magnitude = numerator < 0n ? -numerator : numerator
  const quotient = magnitude / denominator
  const twiceRest = (magnitude % denominator) * 2n
  const isUp = twiceRest > denominator || (twiceRest === denominator && quotient % 2n === 1n)
  const rounded = isUp ? quotient + 1n : quotient
  return numerator < 0n ? -rounded : rounded
}
