import { describe, expect, it } from 'vitest'
import { packOpenClick, OPEN_CLICK_VALUE_BYTES } from '../../schemas/open-click.ts'
import { attribute, chargeback, clickId, createStep, deposit, logFrom, PARK_MS, registration, revenue, T0, tick, word } from './fixtures.ts'
import { runStep } from '../../test/support/run-step.ts'

const reg = registration({ click_id: clickId(1, T0) })
const bound = { at: 0, event: reg }

describe('identity', () => {
  it('the same content again is a skip and changes no disposition', async () => {
    const fact = deposit('d1')
    const run = await attribute([bound, { at: 1, event: fact }, { at: 2, event: { ...fact, received_at: fact.received_at + 5 } }])
    expect(run.attributed.map(({ kind }) => kind)).toEqual(['event', 'event', 'skip'])
    expect(run.dispositions.filter(({ receipt_id }) => receipt_id === fact.receipt_id)).toHaveLength(1)
  })

  it('of the same identity with other content the first stands and the other is a conflict', async () => {
    const first = deposit('d1')
    const other = deposit('d1', { amount: 1n })
    const run = await attribute([bound, { at: 1, event: first }, { at: 2, event: other }, { at: 3, event: other }])
    expect([run.said(first), run.said(other)]).toEqual(['applied', 'conflict identity_conflict'])
    expect(run.attributed.map(({ kind }) => kind)).toEqual(['event', 'event', 'skip', 'skip'])
    expect(run.dispositions.filter(({ receipt_id }) => receipt_id === other.receipt_id)).toHaveLength(1)
  })

  it('a registration without an id is one identity for the player and the integration', async () => {
    const other = registration({ click_id: clickId(2, T0), occurred_at: T0 - 5 })
    const run = await attribute([bound, { at: 1, event: other }])
    expect([run.said(reg), run.said(other)]).toEqual(['applied', 'conflict identity_conflict'])
  })

  it('equal deposits with different ids are two facts', async () => {
    const [a, b] = [deposit('d1'), deposit('d2')]
    const run = await attribute([bound, { at: 1, event: a }, { at: 1, event: b }])
    expect([run.said(a), run.said(b)]).toEqual(['applied', 'applied'])
  })

  it('event types have identities of their own', async () => {
    const [a, b] = [deposit('t1'), chargeback('t1', 't1')]
    const run = await attribute([bound, { at: 1, event: b }, { at: 1, event: a }])
    expect([run.said(a), run.said(b)]).toEqual(['applied', 'applied'])
  })

  it('a second id for the same period, currency and revision is a conflict', async () => {
    const [a, b] = [revenue('v1', 1), revenue('v2', 1)]
    const run = await attribute([bound, { at: 1, event: a }, { at: 2, event: b }])
    expect([run.said(a), run.said(b)]).toEqual(['applied', 'conflict identity_conflict'])
  })

  it('a higher revision is no conflict, nor is another currency, period or integration', async () => {
    const facts = [
      revenue('v1', 1),
      revenue('v1', 2),
      revenue('v2', 3),
      revenue('v3', 1, { currency: 'USN' }),
      revenue('v4', 1, { period: '2026-01-11' }),
      revenue('v5', 1, { integration_id: 'crm2' }),
    ]
    const run = await attribute([bound, ...facts.map((event, i) => ({ at: i, event }))])
    expect(facts.map(run.said).every((said) => said?.startsWith('applied'))).toBe(true)
  })

  it('a test record is filtered also where its identity is taken', async () => {
    const tried = deposit('d1', { is_test: true })
    const run = await attribute([bound, { at: 1, event: deposit('d1') }, { at: 2, event: tried }])
    expect(run.said(tried)).toBe('filtered test')
  })

  it('a fact that is parked stands against another content too', async () => {
    const other = deposit('d1', { amount: 1n })
    const run = await attribute([
      { at: 0, event: deposit('d1') },
      { at: 1, event: other },
      { at: 2, event: reg },
    ])
    expect([run.said(deposit('d1')), run.said(other)]).toEqual(['applied', 'conflict identity_conflict'])
  })
})

describe('refers_to', () => {
  it('without its original a fact is parked, and released when the original arrives', async () => {
    const [original, back] = [deposit('d1'), chargeback('c1', 'd1')]
    const run = await attribute([bound, { at: 1, event: back }, { at: 2, event: original }])
    expect(run.attributed.map(({ kind, event_id, index }) => [kind, event_id, index])).toEqual([
      ['event', reg.event_id, 0],
      ['parked', back.event_id, 0],
      ['event', original.event_id, 0],
      ['event', back.event_id, 1],
    ])
    expect(run.said(back)).toBe('applied')
  })

  it('after the parking time it is unattributed, and a late original still makes it count', async () => {
    const [original, said] = [deposit('d1'), word('s1', 'd1')]
    const waited = [bound, { at: 1, event: said }, { at: 1 + PARK_MS, event: tick(T0) }]
    const run = await attribute(waited)
    expect(run.said(said)).toBe('unattributed reference_missing')
    expect(run.attributed.at(-1)).toMatchObject({ kind: 'event', event_id: said.event_id })
    const late = await attribute([...waited, { at: 90 * PARK_MS, event: original }])
    expect(late.said(said)).toBe('applied')
    expect(late.attributed.filter(({ kind, event_id }) => kind === 'event' && event_id === said.event_id)).toHaveLength(1)
  })

  it('the original is looked for within the same player and integration', async () => {
    const foreign = [deposit('d1', { integration_id: 'crm2' }), deposit('d1', { player_id: 'p2' })]
    const back = chargeback('c1', 'd1')
    const run = await attribute([bound, ...foreign.map((event) => ({ at: 1, event })), { at: 2, event: back }])
    expect(run.said(back)).toBe('parked reference_missing')
  })

  it('the operator may speak about a registration', async () => {
    const named = registration({ external_event_id: 'r1', click_id: clickId(1, T0) })
    const said = word('s1', 'r1')
    expect(
      (
        await attribute([
          { at: 0, event: named },
          { at: 1, event: said },
        ])
      ).said(said),
    ).toBe('applied')
  })

  it('a chargeback is no original of a chargeback', async () => {
    const backs = [chargeback('c1', 'd1'), chargeback('c2', 'c1')]
    const run = await attribute([bound, ...backs.map((event) => ({ at: 1, event }))])
    expect(backs.map(run.said)).toEqual(['parked reference_missing', 'parked reference_missing'])
  })

  it('a fact that misses both waits for the registration first, then for the original', async () => {
    const back = chargeback('c1', 'd1')
    const first = await attribute([{ at: 0, event: back }])
    expect(first.said(back)).toBe('parked registration_missing')
    const then = await attribute([
      { at: 0, event: back },
      { at: 1, event: reg },
    ])
    expect(then.said(back)).toBe('parked reference_missing')
    const both = await attribute([
      { at: 0, event: back },
      { at: 1, event: reg },
      { at: 2, event: deposit('d1') },
    ])
    expect(both.said(back)).toBe('applied')
  })
})

describe('records that are no facts', () => {
  it('bytes that cannot be read are skipped and kept as a dead letter with where they stood', async () => {
    const bytes = Buffer.from('not avro')
    const run = await attribute([{ at: 5, bytes }, bound])
    expect(run.attributed.map(({ kind, source_offset, index }) => [kind, source_offset, index])).toEqual([
      ['skip', 0, 0],
      ['event', 1, 0],
    ])
    expect(run.attributed[0]?.event_id).toBe('poison~3~0')
    expect(run.deadLetters).toHaveLength(1)
    expect(run.deadLetters[0]).toMatchObject({
      value: bytes,
      headers: {
        'dlq-topic': 'player-events',
        'dlq-partition': '3',
        'dlq-offset': '0',
        'dlq-step': 'attribution',
        'dlq-reason': 'undecodable',
        'dlq-at': new Date(T0 + 5).toISOString(),
      },
    })
    expect(run.dispositions).toHaveLength(1)
  })

  it('a fact without what its type is about is dead-lettered, and its receipt says so', async () => {
    const hollow = deposit('d1', { amount: null })
    const run = await attribute([bound, { at: 1, event: hollow }])
    expect(run.said(hollow)).toBe('dead_lettered')
    expect(run.deadLetters[0]?.headers?.['dlq-reason']).toBe('fields_missing')
  })

  it('ticks are forwarded', async () => {
    expect((await attribute([{ at: 0, event: tick(T0) }])).attributed).toMatchObject([{ kind: 'tick', source_offset: 0, index: 0 }])
  })
})

describe('the click of a binding', () => {
  const click = {
    click_id: reg.click_id!,
    link_id: 'ann-welcome',
    affiliate_id: 'ann',
    offer_id: 'welcome',
    brand_id: 'lucky',
    occurred_at: T0,
    received_at: T0,
    source: 'redirect' as const,
    external_click_id: null,
    affiliate_click_id: null,
    sub_ids: {},
    ip_hash: '00112233445566aa',
    ip_prefix: '',
    ip_class: 'mobile' as const,
    asn: 7,
    country: 'DE',
    device_hash: 'ffeeddccbbaa9988',
    browser: null,
    os: null,
    referrer_host: null,
    is_bot: false,
    is_test: false,
    catalog_version: 'cat-1',
  }
  const packed = packOpenClick(click)

  it('is joined when it is stored', async () => {
    expect(packed?.value).toHaveLength(OPEN_CLICK_VALUE_BYTES)
    const run = await attribute([bound], { clicks: new Map([[click.click_id, packed!.value]]) })
    expect(run.attributed[0]).toMatchObject({ click_state: 'joined', click })
  })

  it('is reconstructed from its id and the catalog when it is not, with the same binding and dispositions', async () => {
    const [without, withIt] = [await attribute([bound]), await attribute([bound], { clicks: new Map([[click.click_id, packed!.value]]) })]
    expect(without.attributed[0]).toMatchObject({
      click_state: 'reconstructed',
      click: { click_id: click.click_id, affiliate_id: 'ann', occurred_at: T0, ip_hash: '' },
    })
    expect([without.bindings, without.dispositions]).toEqual([withIt.bindings, withIt.dispositions])
  })

  it('is none without a click', async () => {
    expect((await attribute([{ at: 0, event: registration({ promo_code: 'PLAIN' }) }])).attributed[0]).toMatchObject({ click_state: 'none', click: null })
  })
})

it('the document of a bound player keeps no fact that nothing can change any more', async () => {
  const run = await runStep(createStep(), [
    logFrom([bound, { at: 1, event: deposit('d1') }, { at: 2, event: word('s1', 'nothing') }, { at: PARK_MS + 3, event: deposit('d2') }]),
  ])
  const doc = JSON.parse(run.docs.get('lucky:p1') ?? '') as { f: { e: string }[] }
  expect(doc.f.map(({ e }) => e)).toEqual([word('s1', 'nothing').event_id])
})
