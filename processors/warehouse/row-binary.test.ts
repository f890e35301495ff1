import { expect, it } from 'vitest'
import {
  bytesOf,
  createRowBuffer,
  type Write,
  writeArray,
  writeBool,
  writeFloat64,
  writeInt32,
  writeInt64,
  writeMoney,
  writeNullable,
  writeText,
  writeTextMap,
  writeTime,
  writeUInt16,
  writeUInt32FromInt32,
  writeUInt64,
} from './row-binary.ts'

function hex<T>(write: Write<T>, value: T): string {
  const out = createRowBuffer()
  write(out, value)
  return bytesOf(out).toString('hex')
}

it('writes numbers as the engine reads them', () => {
  expect(hex(writeBool, true)).toBe('01')
  expect(hex(writeInt32, -2)).toBe('feffffff')
  expect(hex(writeUInt32FromInt32, -1)).toBe('ffffffff')
  expect(hex(writeUInt16, 258)).toBe('0201')
  expect(hex(writeInt64, 2 ** 53 - 1)).toBe('ffffffffffff1f00')
  expect(hex(writeInt64, -1)).toBe('ffffffffffffffff')
  expect(hex(writeInt64, -(2 ** 32))).toBe('00000000ffffffff')
  expect(hex(writeUInt64, 2n ** 64n - 1n)).toBe('ffffffffffffffff')
  expect(hex(writeFloat64, 1)).toBe('000000000000f03f')
  expect(hex(writeMoney, -1n)).toBe('ff'.repeat(16))
  expect(hex(writeMoney, 2n ** 64n)).toBe(`${'00'.repeat(8)}01${'00'.repeat(7)}`)
})

it('writes texts, nulls, lists and maps', () => {
  expect(hex(writeText, 'ü')).toBe('02c3bc')
  expect(hex(writeText, 'a'.repeat(128)).slice(0, 6)).toBe('800161')
  expect(hex(writeNullable(writeText), null)).toBe('01')
  expect(hex(writeNullable(writeText), '')).toBe('0000')
  expect(hex(writeArray(writeInt32), [1])).toBe('0101000000')
  expect(hex(writeTextMap, { a: 'b' })).toBe('0101610162')
})

it('grows over its first size without a change', () => {
  const out = createRowBuffer()
  for (let i = 0; i < 50_000; i++) writeInt32(out, i)
  expect(bytesOf(out).length).toBe(200_000)
  expect(bytesOf(out).readInt32LE(49_999 * 4)).toBe(49_999)
})

const refused: [string, () => string][] = [
  ['integer_out_of_range', () => hex(writeInt32, 2 ** 31)],
  ['integer_out_of_range', () => hex(writeInt32, 0.5)],
  ['integer_out_of_range', () => hex(writeInt64, 2 ** 53)],
  ['integer_out_of_range', () => hex(writeUInt64, -1n)],
  ['integer_out_of_range', () => hex(writeUInt16, 65_536)],
  ['integer_out_of_range', () => hex(writeUInt32FromInt32, 2 ** 31)],
  ['time_out_of_range', () => hex(writeTime, -1)],
  ['time_out_of_range', () => hex(writeTime, Date.UTC(2262, 0, 1))],
  ['money_out_of_range', () => hex(writeMoney, 10n ** 38n)],
  ['money_out_of_range', () => hex(writeMoney, -(10n ** 38n))],
  ['number_not_finite', () => hex(writeFloat64, Number.NaN)],
  ['text_not_well_formed', () => hex(writeText, '\ud800')],
  ['text_too_long', () => hex(writeText, 'a'.repeat(2 ** 20 + 1))],
  ['value_missing', () => hex(writeNullable(writeText), undefined as unknown as null)],
]
it.each(refused)('refuses what a column cannot hold: %s', (code, write) => {
  expect(write).toThrow(expect.objectContaining({ code }))
})

it('keeps every byte when the buffer grows, wherever the growth falls', () => {
  const grown = createRowBuffer()
  const bytes = Array.from({ length: 300_000 }, (_, i) => (i % 3 === 0 ? 1 : 0))
  for (const byte of bytes) writeBool(grown, byte === 1)
  expect(bytesOf(grown).equals(Buffer.from(bytes))).toBe(true)
})
