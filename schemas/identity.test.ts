import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { exampleRecords } from './example-records.ts'
import { contentHash, eventContent, eventId, eventIdentity, identityHash8, receiptId } from './identity.ts'
import { moneyFromText } from './money.ts'
import type { PlayerEvent } from './records.generated.ts'

const [deposit, registration] = exampleRecords('PlayerEvent')
const revenue: PlayerEvent = { ...deposit, event_type: 'revenue_reported', external_event_id: 'r-1' }
const with_ = (change: Partial<PlayerEvent>, event = deposit): PlayerEvent => ({ ...event, ...change })

describe('the identity of an event', () => {
  test.each<Partial<PlayerEvent>>([{ brand_id: 'b' }, { player_id: 'b' }, { integration_id: 'b' }, { event_type: 'withdrawal' }, { external_event_id: 'b' }])(
    'is another with %j',
    (change) => {
      expect(eventIdentity(with_(change))).not.toBe(eventIdentity(deposit))
    },
  )

  test('is the same whatever else the event says', () => {
    const other = with_({
      amount: 1n,
      currency: 'USD',
      occurred_at: 1,
      click_id: null,
      is_test: true,
      attributes: {},
      period: null,
      revision: 7,
      catalog_version: 'c2',
    })
    expect(eventIdentity(other)).toBe(eventIdentity(deposit))
  })

  test('of a registration does not need an external id, and an external id makes it another', () => {
    expect(eventIdentity(with_({ occurred_at: 1, promo_code: 'OTHER' }, registration))).toBe(eventIdentity(registration))
    expect(eventIdentity(with_({ external_event_id: 'reg-1' }, registration))).not.toBe(eventIdentity(registration))
  })

  test.each<Partial<PlayerEvent>>([{ period: '2026-11-24' }, { currency: 'USD' }, { revision: 2 }])('of a revenue report is another with %j', (change) => {
    expect(eventIdentity(with_(change, revenue))).not.toBe(eventIdentity(revenue))
  })

  test('does not run its parts together', () => {
    expect(eventIdentity(with_({ brand_id: 'ab', player_id: 'c' }))).not.toBe(eventIdentity(with_({ brand_id: 'a', player_id: 'bc' })))
    expect(eventIdentity(with_({ brand_id: '1:a' }))).not.toBe(eventIdentity(with_({ brand_id: 'a' })))
  })

  test('has a short form of 8 bytes', () => {
    expect(identityHash8(eventIdentity(deposit))).toMatch(/^[0-9a-f]{16}$/)
  })
})

describe('the content of an event', () => {
  const content = (change: Partial<PlayerEvent>, isTimeGiven = true): string => eventContent(with_(change), isTimeGiven)

  test.each<Partial<PlayerEvent>>([
    { player_id: 'x' },
    { event_type: 'chargeback' },
    { external_event_id: 'x' },
    { occurred_at: 1 },
    { click_id: null },
    { promo_code: 'x' },
    { amount: 1n },
    { amount: null },
    { currency: 'USD' },
    { lots: 5n },
    { instrument: 'x' },
    { account_type: 'x' },
    { account_id: 'x' },
    { period: '2026-11-24' },
    { revision: 1 },
    { refers_to: 'x' },
    { status: 'held' },
    { attributes: {} },
    { attributes: { channel: 'x' } },
    { is_test: true },
  ])('is another with %o', (change) => {
    expect(content(change)).not.toBe(content({}))
  })

  test('covers every field that a sender can set', () => {
    const byUs = ['event_id', 'receipt_id', 'brand_id', 'integration_id', 'received_at', 'content_hash', 'catalog_version']
    const covered = Object.keys(deposit).filter((name) => content({ [name]: undefined }) !== content({}))
    expect([...covered, ...byUs].toSorted()).toEqual(Object.keys(deposit).toSorted())
  })

  test('has no time unless the sender gave one', () => {
    expect(content({ occurred_at: 1 }, false)).toBe(content({ occurred_at: 2 }, false))
    expect(content({ occurred_at: 1 }, false)).not.toBe(content({ occurred_at: 1 }, true))
  })

  test('compares amounts by value', () => {
    expect(content({ amount: moneyFromText('250.00', 'EUR') as bigint })).toBe(content({ amount: moneyFromText('0250.0', 'EUR') as bigint }))
  })

  test('does not know what ingest adds', () => {
    expect(content({ received_at: 1, catalog_version: 'x', receipt_id: 'x', event_id: 'x' })).toBe(content({}))
  })
})

describe('a content hash', () => {
  const value = fc.oneof(fc.string(), fc.bigInt(), fc.maxSafeInteger(), fc.boolean(), fc.constant(null), fc.dictionary(fc.string(), fc.string()))
  const fields = fc.dictionary(fc.string({ maxLength: 4 }), value, { maxKeys: 6 })

  test('does not depend on the order of fields and attributes', () => {
    const turned = (record: Record<string, never>): Record<string, never> => Object.fromEntries(Object.entries(record).toReversed())
    fc.assert(
      fc.property(fields, (record) => {
        const inner = Object.entries(record).map(([name, part]) => [name, part !== null && typeof part === 'object' ? turned(part as never) : part])
        expect(contentHash(turned(Object.fromEntries(inner)))).toBe(contentHash(record))
      }),
    )
  })

  test('of two different contents differs', () => {
    const withoutNull = (record: object): string =>
      JSON.stringify(
        Object.entries(record)
          .filter(([, part]) => part !== null)
          .sort(([x], [y]) => (x < y ? -1 : 1))
          .map(([name, part]) => [name, part !== null && typeof part === 'object' ? Object.entries(part).sort() : part]),
        (_, part: unknown) => (typeof part === 'bigint' ? `big ${part}` : part),
      )
    fc.assert(
      fc.property(fields, fields, (a, b) => {
        expect(contentHash(a) === contentHash(b)).toBe(withoutNull(a) === withoutNull(b))
      }),
      { numRuns: 2000 },
    )
  })

  test.each([
    [{ a: '1' }, { a: 1 }],
    [{ a: 1 }, { a: 1n }],
    [{ a: 'true' }, { a: true }],
    [{ a: {} }, {}],
    [{ a: { b: 'c' } }, { a: 'b', c: 'd' }],
    [
      { a: '', b: 'x' },
      { a: 'x', b: '' },
    ],
    [{ a: { b: '', c: '' } }, { a: { b: '' }, c: '' }],
    [{ ab: 'c' }, { a: 'bc' }],
  ])('tells %o from %o', (a, b) => {
    expect(contentHash(a as never)).not.toBe(contentHash(b as never))
  })

  test('takes a missing field for a null one', () => {
    expect(contentHash({ a: null, b: undefined, c: '1' })).toBe(contentHash({ c: '1' }))
  })
})

describe('ids', () => {
  test('are a function of identity and content, and of both', () => {
    expect(eventId('i', 'c')).toBe(eventId('i', 'c'))
    const all = [eventId('i', 'c'), eventId('i', 'd'), eventId('j', 'c'), eventId('ic', ''), eventId('', 'ic')]
    expect(new Set(all).size).toBe(all.length)
    const receipts = [receiptId('i', 'c'), receiptId('i', 'd'), receiptId('j', 'c')]
    expect(new Set(receipts).size).toBe(receipts.length)
  })

  test('say what they are and do not tell each other', () => {
    expect(eventId('i', 'c')).toMatch(/^ev_[0-9a-f]{32}$/)
    expect(receiptId('i', 'c')).toMatch(/^rc_[0-9a-f]{32}$/)
    expect(eventId('i', 'c').slice(3)).not.toBe(receiptId('i', 'c').slice(3))
  })

  // Events are kept for ever under these ids: a change here makes every repeated call a new event.
  test('stay what they are', () => {
    const identity = eventIdentity(deposit)
    const content = eventContent(deposit, true)
    expect([identity, content, eventId(identity, content), receiptId(identity, content), eventIdentity(revenue)]).toMatchInlineSnapshot(`
      [
        "fe7bd862335d1e98c65b3f16d564e1de288fcf759e68c82cf840239a34f187b2",
        "e89fee8d2a3d4425f76b8fdc37d363f1786ea314c235168b65927624866bc408",
        "ev_ea97b98e7d1804980c49f080ff6b59a9",
        "rc_25ddc76f2e9364e750353e84a118fcb0",
        "38f1164eac6dfe8c29b7b9b9ff22da7b78d87243ac9f75d01cf69a69241a2a00",
      ]
    `)
  })
})
