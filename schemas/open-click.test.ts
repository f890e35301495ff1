import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { clickKeysFromText, mintClickId } from './click-id.ts'
import { exampleRecords } from './example-records.ts'
import { OPEN_CLICK_BUCKET_MS, OPEN_CLICK_FIELD_BYTES, OPEN_CLICK_VALUE_BYTES, openClickPlace, packOpenClick, unpackOpenClick } from './open-click.ts'
import type { Click } from './records.generated.ts'

const keys = clickKeysFromText('0:00112233445566778899aabbccddeeff')
const AT_MS = Date.UTC(2026, 10, 23, 12, 0, 30)
const idAt = (atMs: number, random26 = 1): string => mintClickId(keys, { atMs, linkNumber: 5, random26 })
const [example] = exampleRecords('Click')
const clickAt = (atMs: number): Click => ({ ...example, click_id: idAt(atMs), occurred_at: atMs, received_at: atMs + 7 })
const hash = fc.stringMatching(/^[0-9a-f]{16}$/)

/** The click as it comes back: what is not kept is null or empty. */
function kept(click: Click): Click {
  return { ...click, external_click_id: null, affiliate_click_id: null, sub_ids: {}, ip_prefix: '', browser: null, os: null, referrer_host: null }
}

describe('a packed click', () => {
  test('comes back with everything that is kept', () => {
    const clicks = fc.record({
      ip_hash: hash,
      device_hash: hash,
      asn: fc.option(fc.nat(2 ** 31 - 1)),
      country: fc.option(fc.stringMatching(/^[A-Z]{2}$/)),
      ip_class: fc.constantFrom<Click['ip_class']>('residential', 'mobile', 'business', 'education', 'hosting', 'unknown'),
      source: fc.constantFrom<Click['source']>('redirect', 'api'),
      is_bot: fc.boolean(),
      is_test: fc.boolean(),
      received_at: fc.integer({ min: AT_MS - 300_000, max: AT_MS + 400 * 86_400_000 }),
    })
    fc.assert(
      fc.property(clicks, (change) => {
        const click = { ...clickAt(AT_MS), ...change }
        const packed = packOpenClick(click)!
        expect([packed.field.length, packed.value.length]).toEqual([OPEN_CLICK_FIELD_BYTES, OPEN_CLICK_VALUE_BYTES])
        expect(unpackOpenClick(click, packed.value)).toEqual(kept(click))
      }),
    )
  })

  test('lies where its id says, in a minute of its own time', () => {
    const packed = packOpenClick(clickAt(AT_MS))!
    expect(openClickPlace(idAt(AT_MS))).toEqual({ bucketMs: packed.bucketMs, field: packed.field })
    expect(packed.bucketMs).toBe(Date.UTC(2026, 10, 23, 12))
    expect(packed.bucketMs % OPEN_CLICK_BUCKET_MS).toBe(0)
  })

  test('of the same minute lies in a field of its own', () => {
    const fields = new Set(Array.from({ length: 5000 }, (_, random26) => openClickPlace(idAt(AT_MS, random26))!.field.toString('hex')))
    expect(fields.size).toBe(5000)
  })

  // Values live in memory across a restart of the code.
  test('keeps its layout', () => {
    expect(packOpenClick(clickAt(AT_MS))!.value.toString('hex')).toMatchInlineSnapshot(`"00112233445566ff8899aabbccddeeff00000cf8444514010000000000070000"`)
  })
})

describe('a click that does not fit', () => {
  test.each<Partial<Click>>([
    { click_id: 'nonsense' },
    { occurred_at: AT_MS + 1 },
    { ip_hash: '' },
    { ip_hash: '00112233445566FF' },
    { device_hash: '00112233445566ff00' },
    { asn: -1 },
    { country: 'de' },
    { country: 'DEU' },
    { received_at: AT_MS + 2 ** 48 },
  ])('with %o is not packed', (change) => {
    expect(packOpenClick({ ...clickAt(AT_MS), ...change })).toBeNull()
  })

  test.each([
    ['a shorter value', (value: Buffer) => value.subarray(1)],
    ['a longer value', (value: Buffer) => Buffer.concat([value, Buffer.alloc(1)])],
    ['another layout', (value: Buffer) => Buffer.from(value).fill(9, 23, 24)],
    ['an unknown class of network', (value: Buffer) => Buffer.from(value).fill(0xf0, 22, 23)],
  ])('%s is not read', (_, change) => {
    const click = clickAt(AT_MS)
    expect(unpackOpenClick(click, change(packOpenClick(click)!.value))).toBeNull()
  })

  test('has no place when its id is no click id', () => {
    expect(openClickPlace('nonsense')).toBeNull()
    expect(unpackOpenClick({ ...example, click_id: 'nonsense' }, Buffer.alloc(32))).toBeNull()
  })
})
