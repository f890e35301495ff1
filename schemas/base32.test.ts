import fc from 'fast-check'
import { expect, test } from 'vitest'
import { base32FromBytes, bytesFromBase32 } from './base32.ts'

const bytes = (count: number) => fc.uint8Array({ minLength: count, maxLength: count }).map((array) => Buffer.from(array))

test('known bytes have known text', () => {
  expect(base32FromBytes(Buffer.from('0000000000ffffffffff', 'hex'))).toBe('00000000zzzzzzzz')
  expect(base32FromBytes(Buffer.from('00443214c74254b635cf84653a56d7c675be77df', 'hex'))).toBe('0123456789abcdefghjkmnpqrstvwxyz')
})

test('text is read back as its bytes', () => {
  fc.assert(
    fc.property(bytes(20), (value) => {
      expect(bytesFromBase32(base32FromBytes(value), 20)).toEqual(value)
    }),
  )
})

test('text sorts as its bytes do', () => {
  fc.assert(
    fc.property(bytes(20), bytes(20), (a, b) => {
      const [textA, textB] = [base32FromBytes(a), base32FromBytes(b)]
      expect(textA < textB ? -1 : textA > textB ? 1 : 0).toBe(Buffer.compare(a, b))
    }),
  )
})

test.each([
  '',
  '0',
  '0000000',
  '000000000',
  '0000000i',
  '0000000l',
  '0000000o',
  '0000000u',
  '0000000A',
  '0000000-',
  ' 0000000',
  '0000000é',
  '0000000\u0130',
  '000000\u{1f600}',
])('%j is not the text of 5 bytes', (text) => {
  expect(bytesFromBase32(text, 5)).toBeNull()
})
