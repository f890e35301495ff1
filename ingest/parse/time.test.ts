import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { instantFromText, isDayText } from './time.ts'

describe('an instant', () => {
  test('is read as what it says, with every offset', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-01T00:00:00Z'), max: new Date('2100-01-01T00:00:00Z'), noInvalidDate: true }),
        fc.integer({ min: -23 * 60, max: 23 * 60 }),
        (date, offset) => {
          const local = new Date(date.getTime() + offset * 60_000).toISOString().slice(0, -1)
          const two = (value: number) => String(Math.trunc(Math.abs(value))).padStart(2, '0')
          expect(instantFromText(`${local}${offset < 0 ? '-' : '+'}${two(offset / 60)}:${two(offset % 60)}`)).toBe(date.getTime())
          expect(instantFromText(date.toISOString())).toBe(date.getTime())
        },
      ),
    )
  })

  test.each([
    '2026-01-31',
    '2026-01-31T10:00:00',
    '2026-01-31 10:00:00Z',
    '2026-01-31T10:00:00 02:00',
    '2026-02-29T10:00:00Z',
    '2026-13-01T10:00:00Z',
    '2026-01-31T24:00:00Z',
    '2026-01-31T10:60:00Z',
    '2026-01-31T10:00:60Z',
    '2026-01-31T10:00Z',
    '2026-01-31T10:00:00+0200',
    '2026-01-31T10:00:00+24:00',
    '1769853600',
    '',
    '0000-01-01T00:00:00Z',
    '２026-01-31T10:00:00Z',
  ])('is not %j', (text) => {
    expect(instantFromText(text)).toBeNull()
  })

  test('has milliseconds; further digits are cut', () => {
    expect(instantFromText('2026-01-31T10:00:00.1239Z')).toBe(Date.UTC(2026, 0, 31, 10, 0, 0, 123))
    expect(instantFromText('2026-01-31t10:00:00.5z')).toBe(Date.UTC(2026, 0, 31, 10, 0, 0, 500))
  })
})

test.each([
  ['2024-02-29', true],
  ['2026-02-29', false],
  ['2026-00-10', false],
  ['2026-1-1', false],
  ['20260101', false],
  ['2026-04-31', false],
  ['2026-12-31', true],
])('the day %s: %s', (text, isDay) => {
  expect(isDayText(text)).toBe(isDay)
})
