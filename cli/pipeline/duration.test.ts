import { expect, it } from 'vitest'
import { durationMsFromText } from './duration.ts'

it.each([
  ['60s', 60_000],
  ['500ms', 500],
  ['5m', 300_000],
  ['24h', 86_400_000],
  ['0s', 0],
  ['90', 90_000],
])('%s is %d ms', (text, expected) => {
  expect(durationMsFromText(text)).toBe(expected)
})

it.each(['', 's', '-1s', '1.5s', '60 s', '60S', '1d', '25h', '060s', '1e3s', 'banana'])('%j is no duration', (text) => {
  expect(durationMsFromText(text)).toBeNull()
})
