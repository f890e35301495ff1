import { randomBytes, randomInt } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { base32FromBytes, bytesFromBase32 } from './base32.ts'
import { clickKeysFromText, LINK_NUMBER_MAX, mintClickId, random26FromContent, RANDOM26_COUNT, unverifiedPartsOfClickId, verifyClickId } from './click-id.ts'

const OLD = '3:00112233445566778899aabbccddeeff'
const NEW = '7:ffeeddccbbaa99887766554433221100aa'
const oldKeys = clickKeysFromText(OLD)
const newKeys = clickKeysFromText(`${NEW},${OLD}`)
const EPOCH_MS = Date.UTC(2020, 0, 1)
const TIME_MS_MAX = EPOCH_MS + 2 ** 42 - 1
const AT_MS = Date.UTC(2026, 10, 23, 12)

const parts = fc.record({
  atMs: fc.integer({ min: EPOCH_MS, max: TIME_MS_MAX }),
  linkNumber: fc.integer({ min: 1, max: LINK_NUMBER_MAX }),
  random26: fc.integer({ min: 0, max: RANDOM26_COUNT - 1 }),
})
const one = mintClickId(oldKeys, { atMs: AT_MS, linkNumber: 77, random26: 123_456 })

describe('a click id', () => {
  test('is 32 characters of digits and small letters', () => {
    fc.assert(fc.property(parts, (given) => /^[0-9a-z]{32}$/.test(mintClickId(oldKeys, given))))
  })

  test('tells its time, link and key', () => {
    fc.assert(
      fc.property(parts, ({ atMs, linkNumber, random26 }) => {
        const id = mintClickId(oldKeys, { atMs, linkNumber, random26 })
        expect(verifyClickId(oldKeys, id)).toEqual({ atMs, linkNumber, keyId: 3 })
        expect(unverifiedPartsOfClickId(id)?.atMs).toBe(atMs)
      }),
    )
  })

  // Ids are out in links for years: a change here makes them all forgeries.
  test('stays what it is', () => {
    expect(one).toMatchInlineSnapshot(`"1jn7g1c00004tk01w902t75gtwg9d4w5"`)
  })

  test('is a function of what it is made of', () => {
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const isSame = a.atMs === b.atMs && a.linkNumber === b.linkNumber && a.random26 === b.random26
        expect(mintClickId(oldKeys, a) === mintClickId(oldKeys, b)).toBe(isSame)
      }),
    )
  })

  test('sorts by time, also across a change of keys in either direction', () => {
    fc.assert(
      fc.property(parts, parts, fc.boolean(), (a, b, isTurned) => {
        fc.pre(a.atMs !== b.atMs)
        const [idA, idB] = [mintClickId(isTurned ? newKeys : oldKeys, a), mintClickId(isTurned ? oldKeys : newKeys, b)]
        expect(idA < idB).toBe(a.atMs < b.atMs)
      }),
    )
  })

  test('of an older key verifies while that key is known', () => {
    expect(verifyClickId(newKeys, one)).toEqual({ atMs: AT_MS, linkNumber: 77, keyId: 3 })
    expect(verifyClickId(clickKeysFromText(NEW), one)).toBeNull()
    expect(verifyClickId(clickKeysFromText('3:00112233445566778899aabbccddeefe'), one)).toBeNull()
  })

  test.each([
    { atMs: EPOCH_MS - 1 },
    { atMs: TIME_MS_MAX + 1 },
    { atMs: AT_MS + 0.5 },
    { atMs: Number.NaN },
    { linkNumber: 0 },
    { linkNumber: LINK_NUMBER_MAX + 1 },
    { linkNumber: -1 },
    { linkNumber: 1.5 },
    { random26: -1 },
    { random26: RANDOM26_COUNT },
    { random26: 0.5 },
  ])('is not made of %o', (change) => {
    expect(() => mintClickId(oldKeys, { atMs: AT_MS, linkNumber: 1, random26: 0, ...change })).toThrow(RangeError)
  })
})

describe('a forged click id', () => {
  test('with any one bit turned is refused', () => {
    fc.assert(
      fc.property(parts, (given) => {
        const bytes = bytesFromBase32(mintClickId(oldKeys, given), 20)!
        for (let bit = 0; bit < 160; bit++) {
          const altered = Buffer.from(bytes)
          altered[bit >> 3]! ^= 1 << (bit & 7)
          if (verifyClickId(oldKeys, base32FromBytes(altered)) !== null) throw new Error(`bit ${bit} was not missed`)
        }
      }),
      { numRuns: 20 },
    )
  })

  test('with any one character changed is refused', () => {
    for (let at = 0; at < one.length; at++) {
      for (let code = 0; code < 256; code++) {
        const altered = one.slice(0, at) + String.fromCharCode(code) + one.slice(at + 1)
        if (altered !== one && verifyClickId(oldKeys, altered) !== null) throw new Error(`${altered} was accepted`)
      }
    }
  })

  test.each([
    ['capitals', one.toUpperCase()],
    ['a blank before', ` ${one}`],
    ['a blank after', `${one} `],
    ['a line break after', `${one}\n`],
    ['a character less', one.slice(1)],
    ['a character more', `${one}0`],
    ['nothing', ''],
    ['twice the id', one + one],
    ['letters that only look alike', one.replace(/0/g, 'o').replace(/1/g, 'l')],
    ['a letter of the same low byte', one.replace(/^./, '\u0131')],
    ['a mark that is not seen', `${one}\u200b`],
    ['zeros', '0'.repeat(32)],
    ['the highest letters', 'z'.repeat(32)],
  ])('with %s is refused', (_, id) => {
    expect(verifyClickId(oldKeys, id)).toBeNull()
    expect(verifyClickId(newKeys, id)).toBeNull()
  })

  test('is refused, a million out of a million: random ones, altered ones, and parts of real ones put together', () => {
    const real = Array.from(
      { length: 500 },
      (_, random26) => bytesFromBase32(mintClickId(oldKeys, { atMs: AT_MS + random26 * 7, linkNumber: 1 + (random26 % 9), random26 }), 20)!,
    )
    const noise = randomBytes(20_000)
    let accepted = 0
    for (let i = 0; i < 1_000_000; i++) {
      const bytes = Buffer.from(real[i % real.length]!)
      const from = (i * 13) % (noise.length - 20)
      if (i % 3 === 0) noise.copy(bytes, 0, from, from + 20) // nothing is real
      if (i % 3 === 1) bytes[i % 20]! ^= 1 + (noise[from]! % 255) // one byte is not
      if (i % 3 === 2) real[(i + 1 + (i % 498)) % real.length]!.copy(bytes, 12, 12) // the signature is of another id
      if (i % 3 === 0) bytes.writeUInt32BE(((1 << 30) | (3 << 26) | (i & 0x3ffffff)) >>> 0, 8) // version and key are right
      if (verifyClickId(oldKeys, base32FromBytes(bytes)) !== null) accepted++
    }
    expect(accepted).toBe(0)
  }, 60_000)

  test('never makes the check throw', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.string({ minLength: 32, maxLength: 32, unit: fc.constantFrom(...'0123456789abcdefghjkmnpqrstvwxyz') })),
        (text) => {
          expect(verifyClickId(oldKeys, text)).toBeNull()
        },
      ),
    )
  })
})

describe('click keys', () => {
  test('the first signs, all verify', () => {
    expect(newKeys.signing.id).toBe(7)
    expect([...newKeys.byId.keys()]).toEqual([7, 3])
  })

  test.each([
    ['nothing', ''],
    ['no key id', '00112233445566778899aabbccddeeff'],
    ['no secret', '1:'],
    ['a key id above 15', '16:00112233445566778899aabbccddeeff'],
    ['a key id with a zero before', '01:00112233445566778899aabbccddeeff'],
    ['a negative key id', '-1:00112233445566778899aabbccddeeff'],
    ['15 bytes', '1:00112233445566778899aabbccddee'],
    ['half a byte', '1:00112233445566778899aabbccddeeff0'],
    ['something that is not hex', '1:00112233445566778899aabbccddeexx'],
    ['a blank', `${OLD}, ${NEW}`],
    ['a comma too many', `${OLD},`],
    ['a key id twice', `${OLD},3:ffeeddccbbaa99887766554433221100`],
  ])('with %s are refused', (_, text) => {
    expect(() => clickKeysFromText(text)).toThrow(/^click keys: /)
  })

  test('a refusal does not quote the secret', () => {
    const secret = 'a1b2c3d4e5f6a7b8c9d0e1f2a3b4c5d6'
    for (const text of [`16:${secret}`, `1:${secret}z`, `1:${secret},1:${secret}`, secret]) {
      expect(() => clickKeysFromText(text)).not.toThrow(new RegExp(secret.slice(0, 8)))
    }
  })
})

test('the random part of a click sent by API follows from what was sent', () => {
  const value = random26FromContent(oldKeys, 'acme', 'clk-1', 'content')
  expect(random26FromContent(oldKeys, 'acme', 'clk-1', 'content')).toBe(value)
  expect(value).toBeLessThan(RANDOM26_COUNT)
  const others = [
    ['acmf', 'clk-1', 'content'],
    ['acme', 'clk-2', 'content'],
    ['acme', 'clk-1', 'other'],
    ['acmec', 'lk-1', 'content'],
  ] as const
  for (const [integration, external, content] of others) expect(random26FromContent(oldKeys, integration, external, content)).not.toBe(value)
  const many = new Set(Array.from({ length: 2000 }, () => random26FromContent(oldKeys, 'a', String(randomInt(2 ** 40)), 'c')))
  expect(many.size).toBeGreaterThan(1990)
})
