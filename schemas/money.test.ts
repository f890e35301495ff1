import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  currencyDigits,
  decimalFromText,
  divideHalfEven,
  isCurrency,
  moneyFromText,
  multiplyHalfEven,
  percentHalfEven,
  textFromMoney,
  UNITS_PER_ONE,
} from './money.ts'

const units = fc.bigInt(-(10n ** 30n), 10n ** 30n)

describe('an amount', () => {
  test.each([
    ['12.34', 'EUR', 1_234_000_000n],
    ['1', 'JPY', 100_000_000n],
    ['1.234', 'KWD', 123_400_000n],
    ['0.01', 'USD', 1_000_000n],
    ['7.5', 'EUR', 750_000_000n],
    ['007.5', 'EUR', 750_000_000n],
    ['999999999999999.99', 'EUR', 99_999_999_999_999_999_000_000n],
    ['1.0001', 'CLF', 100_010_000n],
  ])('%s %s is read', (text, currency, expected) => {
    expect(moneyFromText(text, currency)).toBe(expected)
  })

  test.each([
    ['1.5', 'JPY', 'too_many_digits_after'],
    ['1.0', 'JPY', 'too_many_digits_after'],
    ['1.234', 'EUR', 'too_many_digits_after'],
    ['1.230', 'EUR', 'too_many_digits_after'],
    ['1000000000000000', 'EUR', 'too_many_digits_before'],
    ['0000000000000001', 'EUR', 'too_many_digits_before'],
    ['0', 'EUR', 'not_positive'],
    ['0.00', 'EUR', 'not_positive'],
    ['-1', 'EUR', 'not_positive'],
    ['-0', 'EUR', 'not_positive'],
    ['1', 'eur', 'unknown_currency'],
    ['1', 'EU', 'unknown_currency'],
    ['1', '', 'unknown_currency'],
    ['1', 'BTC', 'unknown_currency'],
    ['1', 'XXX', 'unknown_currency'],
    ['1', 'XTS', 'unknown_currency'],
    ['1', 'constructor', 'unknown_currency'],
  ])('%s %s is refused: %s', (text, currency, problem) => {
    expect(moneyFromText(text, currency)).toBe(problem)
  })

  test.each([
    '',
    ' ',
    '1,5',
    '1.',
    '.5',
    '.',
    '+1',
    '--1',
    '1-',
    '1e3',
    '1E3',
    '0x10',
    ' 1',
    '1 ',
    '1\n',
    '\n1',
    '1 000',
    "1'000",
    '1_000',
    '1.2.3',
    '1,000.00',
    '١',
    '１',
    'NaN',
    'Infinity',
    '∞',
    '1\u00a0',
    '−1',
    '1\0',
    '$1',
    '-',
  ])('%j is not a decimal', (text) => {
    expect(moneyFromText(text, 'EUR')).toBe('not_a_decimal')
    expect(moneyFromText(text, 'EUR', 'signed')).toBe('not_a_decimal')
  })

  test.each([
    ['-12.34', -1_234_000_000n],
    ['0', 0n],
    ['-0', 0n],
    ['-0.00', 0n],
    ['5', 500_000_000n],
  ])('%s may be signed where it is allowed', (text, expected) => {
    expect(moneyFromText(text, 'EUR', 'signed')).toBe(expected)
  })

  test('no text at all makes it throw, and what it reads is worth what the text says', () => {
    const decimalish = fc.string({ unit: fc.constantFrom(...'0123456789.-+, e'), maxLength: 20 })
    fc.assert(
      fc.property(fc.oneof(decimalish, fc.string()), (text) => {
        const result = decimalFromText(text, 8, 'signed')
        if (typeof result !== 'bigint') return
        expect(text).toMatch(/^-?\d{1,15}(\.\d{1,8})?$/)
        expect(Number(textFromMoney(result))).toBe(Number(text) + 0)
      }),
      { numRuns: 5000 },
    )
  })
})

describe('a decimal', () => {
  test.each([
    ['33.333333', 6, 3_333_333_300n],
    ['0.00000001', 8, 1n],
    ['100', 0, 10_000_000_000n],
  ])('%s with up to %d digits is read', (text, digits, expected) => {
    expect(decimalFromText(text, digits)).toBe(expected)
  })

  test.each([
    ['33.3333333', 6],
    ['0.000000001', 8],
    ['0.000000001', 20],
    ['1.0', 0],
  ])('%s with up to %d digits is refused', (text, digits) => {
    expect(decimalFromText(text, digits)).toBe('too_many_digits_after')
  })
})

test('currencies have the digits of ISO 4217', () => {
  expect(['EUR', 'JPY', 'KWD', 'CLF', 'XAF', 'XCD', 'XCG'].map(currencyDigits)).toEqual([2, 0, 3, 4, 0, 2, 2])
  expect(['usd', 'XAU', 'ZZZ', '', 'toString'].map(currencyDigits)).toEqual([null, null, null, null, null])
  expect(isCurrency('EUR')).toBe(true)
  expect(isCurrency('Eur')).toBe(false)
})

describe('the text of money', () => {
  test.each([
    [0n, '0'],
    [1n, '0.00000001'],
    [-1n, '-0.00000001'],
    [150_000_000n, '1.5'],
    [-150_000_000n, '-1.5'],
    [10_000_000_000n, '100'],
    [99_999_999n, '0.99999999'],
  ])('of %d units is %s', (value, text) => {
    expect(textFromMoney(value)).toBe(text)
  })

  test('is read back as the same units', () => {
    const inText = fc.bigInt(-(10n ** 23n) + 1n, 10n ** 23n - 1n)
    fc.assert(
      fc.property(inText, (value) => {
        expect(decimalFromText(textFromMoney(value), 8, 'signed')).toBe(value)
      }),
    )
  })
})

describe('rounding', () => {
  test.each([
    [5n, 10n, 0n],
    [15n, 10n, 2n],
    [25n, 10n, 2n],
    [26n, 10n, 3n],
    [-5n, 10n, 0n],
    [-15n, 10n, -2n],
    [-25n, 10n, -2n],
    [-26n, 10n, -3n],
    [0n, 7n, 0n],
  ])('%d / %d is %d', (numerator, denominator, expected) => {
    expect(divideHalfEven(numerator, denominator)).toBe(expected)
  })

  test('is to the nearest, and to the even one of two that are as near', () => {
    const halves = fc.tuple(units, fc.bigInt(1n, 10n ** 20n)).map(([quotient, half]) => [quotient * 2n * half + half, 2n * half] as const)
    const any = fc.tuple(units, fc.bigInt(1n, 10n ** 20n))
    fc.assert(
      fc.property(fc.oneof(any, halves), ([numerator, denominator]) => {
        const result = divideHalfEven(numerator, denominator)
        const twiceError = 2n * (numerator - result * denominator)
        const size = twiceError < 0n ? -twiceError : twiceError
        expect(size < denominator || (size === denominator && result % 2n === 0n)).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  test('treats a debt as it treats a claim', () => {
    fc.assert(
      fc.property(units, units, (a, b) => {
        expect(multiplyHalfEven(-a, b)).toBe(-multiplyHalfEven(a, b))
      }),
    )
  })

  test('of a product happens once', () => {
    expect(multiplyHalfEven(UNITS_PER_ONE, 123n)).toBe(123n)
    expect(multiplyHalfEven(3n, 50_000_000n)).toBe(2n)
    expect(multiplyHalfEven(1n, 50_000_000n)).toBe(0n)
    expect(multiplyHalfEven(1n, 50_000_001n)).toBe(1n)
  })

  test('of a percentage happens once', () => {
    expect(percentHalfEven(10_000_000_000n, 3_333_333_300n)).toBe(3_333_333_300n)
    expect(percentHalfEven(50n, 100_000_000n)).toBe(0n)
    expect(percentHalfEven(51n, 100_000_000n)).toBe(1n)
    expect(percentHalfEven(150n, 100_000_000n)).toBe(2n)
    expect(percentHalfEven(-51n, 100_000_000n)).toBe(-1n)
  })
})
