import { describe, expect, it } from 'vitest'
import { attribute, type Arrival, CATALOG_VERSION, clickId, DAY_MS, deposit, forgedClickId, PARK_MS, registration, T0 } from './fixtures.ts'
import type { PlayerEvent } from '../../schemas/records.generated.ts'

const bindingFor = async (fields: Partial<PlayerEvent>) => (await attribute([{ at: 0, event: registration(fields) }])).binding()
const MINUTES_5 = 300_000

describe('window', () => {
  it.each([
    ['exactly at the end of the offer window', T0 - DAY_MS, 'bound'],
    ['one millisecond after the end of the offer window', T0 - DAY_MS - 1, 'click_expired'],
    ['exactly five minutes after the registration', T0 + MINUTES_5, 'bound'],
    ['five minutes and a millisecond after the registration', T0 + MINUTES_5 + 1, 'click_after_event'],
  ])('a click %s gives its reason', async (_, clickedAt, reason) => {
    const binding = await bindingFor({ click_id: clickId(2, clickedAt) })
    expect(binding?.reason).toBe(reason)
    expect(binding?.affiliate_id).toBe(reason === 'bound' ? 'ben' : null)
  })

  it('a bound click says link, offer, affiliate and when it was clicked', async () => {
    const event = registration({ click_id: clickId(1, T0 - 60_000) })
    const { bindings } = await attribute([{ at: 0, event }])
    expect(bindings).toHaveLength(1)
    expect(bindings[0]).toMatchObject({
      brand_id: 'lucky',
      player_id: 'p1',
      affiliate_id: 'ann',
      offer_id: 'welcome',
      link_id: 'ann-welcome',
      click_id: event.click_id,
      clicked_at: T0 - 60_000,
      bound_at: T0,
      evidence: 'click_id',
      reason: 'bound',
      event_id: event.event_id,
      source_offset: 0,
      index: 0,
    })
  })
})

describe('which registration binds', () => {
  const late = registration({ external_event_id: 'r2', occurred_at: T0 + 500, click_id: clickId(1, T0) })
  const early = registration({ external_event_id: 'r1', occurred_at: T0, click_id: clickId(2, T0) })

  it('the earliest registration binds and is applied, every other one is a conflict', async () => {
    const run = await attribute([
      { at: 0, event: early },
      { at: 10, event: late },
    ])
    expect(run.binding()?.affiliate_id).toBe('ben')
    expect(run.said(early)).toBe('applied')
    expect(run.said(late)).toBe('conflict identity_conflict')
    expect(run.bindings).toHaveLength(1)
  })

  it('an earlier registration that arrives within the correction window corrects the binding, and the displaced one becomes a conflict', async () => {
    const run = await attribute([
      { at: 0, event: late },
      { at: PARK_MS, event: early },
    ])
    expect(run.bindings.map(({ affiliate_id }) => affiliate_id)).toEqual(['ann', 'ben'])
    expect(run.said(early)).toBe('applied')
    expect(run.said(late)).toBe('conflict identity_conflict')
    expect(run.dispositions.filter(({ receipt_id }) => receipt_id === late.receipt_id).map(({ disposition }) => disposition)).toEqual(['applied', 'conflict'])
  })

  it('an earlier registration that arrives after the correction window is itself a conflict', async () => {
    const run = await attribute([
      { at: 0, event: late },
      { at: PARK_MS + 1, event: early },
    ])
    expect(run.binding()?.affiliate_id).toBe('ann')
    expect(run.said(early)).toBe('conflict identity_conflict')
    expect(run.said(late)).toBe('applied')
  })

  it('registrations of the same instant are ordered by event id', async () => {
    const pair = ['r1', 'r2'].map((external_event_id) => registration({ external_event_id, click_id: clickId(1, T0) }))
    pair.sort((a, b) => (a.event_id < b.event_id ? -1 : 1))
    const run = await attribute([
      { at: 0, event: pair[1]! },
      { at: 1, event: pair[0]! },
    ])
    expect(run.said(pair[0]!)).toBe('applied')
    expect(run.said(pair[1]!)).toBe('conflict identity_conflict')
  })

  it('the correction window counts from the first registration, also when that one was displaced', async () => {
    const earliest = registration({ external_event_id: 'r0', occurred_at: T0 - 500, click_id: clickId(1, T0 - 600) })
    const run = await attribute([
      { at: 0, event: late },
      { at: PARK_MS - 1, event: early },
      { at: PARK_MS + 5, event: earliest },
    ])
    expect(run.binding()?.event_id).toBe(early.event_id)
    expect(run.said(earliest)).toBe('conflict identity_conflict')
  })

  it('facts follow a corrected binding between applied and unattributed', async () => {
    const bad = registration({ external_event_id: 'r1', click_id: forgedClickId(T0) })
    const fact = deposit('d1')
    const run = await attribute([
      { at: 0, event: late },
      { at: 1, event: fact },
      { at: 2, event: bad },
    ])
    expect(run.said(fact)).toBe('unattributed click_invalid')
    const back = registration({ external_event_id: 'r0', occurred_at: T0 - 1, click_id: clickId(1, T0 - 1) })
    const again = await attribute([
      { at: 0, event: late },
      { at: 1, event: fact },
      { at: 2, event: bad },
      { at: 3, event: back },
    ])
    expect(again.said(fact)).toBe('applied')
  })
})

describe('subject = click', () => {
  const click = clickId(1, T0 - 1_000)
  const ofClick = { player_id: `click~${click}`, click_id: click }
  const second = deposit('d2', { ...ofClick, occurred_at: T0 + 50 })
  const first = deposit('d1', { ...ofClick, occurred_at: T0 + 10 })

  it('the earliest event takes the place of the registration', async () => {
    const run = await attribute([
      { at: 0, event: second },
      { at: 1, event: first },
    ])
    expect(run.binding(ofClick.player_id)).toMatchObject({ affiliate_id: 'ann', event_id: first.event_id, bound_at: first.occurred_at })
    expect([run.said(first), run.said(second)]).toEqual(['applied', 'applied'])
    expect(run.attributed.map(({ kind }) => kind)).toEqual(['event', 'event'])
  })

  it('an earlier event that arrives after the correction window counts and leaves the binding where it is', async () => {
    const run = await attribute([
      { at: 0, event: second },
      { at: PARK_MS + 1, event: first },
    ])
    expect(run.binding(ofClick.player_id)?.event_id).toBe(second.event_id)
    expect(run.said(first)).toBe('applied')
  })

  it('its window and its promo code are those of the earliest event', async () => {
    const old = clickId(2, T0 - DAY_MS)
    const expired = deposit('d1', { player_id: `click~${old}`, click_id: old, occurred_at: T0 + 1 })
    const run = await attribute([{ at: 0, event: expired }])
    expect(run.said(expired)).toBe('unattributed click_expired')
    const promoted = { ...ofClick, promo_code: 'VIP' }
    const reg = registration({ ...promoted, occurred_at: T0 })
    const byCode = await attribute([
      { at: 0, event: second },
      { at: 1, event: reg },
    ])
    expect(byCode.binding(ofClick.player_id)).toMatchObject({ affiliate_id: 'cat', evidence: 'promo_code', event_id: reg.event_id })
  })

  it('test traffic does not take the place of the registration', async () => {
    const tried = deposit('d0', { ...ofClick, occurred_at: T0 - 5, is_test: true })
    const run = await attribute([
      { at: 0, event: tried },
      { at: 1, event: second },
    ])
    expect(run.said(tried)).toBe('filtered test')
    expect(run.binding(ofClick.player_id)?.event_id).toBe(second.event_id)
  })
})

describe('evidence', () => {
  it('an exclusive promo code beats a click', async () => {
    const binding = await bindingFor({ promo_code: 'VIP', click_id: clickId(1, T0) })
    expect(binding).toMatchObject({ affiliate_id: 'cat', offer_id: 'welcome', evidence: 'promo_code', link_id: null, click_id: null, clicked_at: null })
    expect(binding?.candidates).toEqual(['exclusive promo_code VIP of cat: bound', `click_id ${clickId(1, T0)} of ann: outranked`])
  })

  it('a click beats a promo code that is not exclusive', async () => {
    const binding = await bindingFor({ promo_code: 'PLAIN', click_id: clickId(1, T0) })
    expect(binding).toMatchObject({ affiliate_id: 'ann', evidence: 'click_id' })
    expect(binding?.candidates).toEqual([`click_id ${clickId(1, T0)} of ann: bound`, 'promo_code PLAIN of cat: outranked'])
  })

  it('a promo code alone binds', async () => {
    expect(await bindingFor({ promo_code: 'PLAIN' })).toMatchObject({ affiliate_id: 'cat', evidence: 'promo_code', reason: 'bound' })
  })

  it('later clicks never move a binding', async () => {
    const reg = registration({ click_id: clickId(1, T0) })
    const later = deposit('d1', { click_id: clickId(2, T0 + 500) })
    const run = await attribute([
      { at: 0, event: reg },
      { at: 1, event: later },
    ])
    expect(run.bindings.map(({ affiliate_id }) => affiliate_id)).toEqual(['ann'])
  })

  it.each([
    ['at its first instant', T0 - DAY_MS, 'bound'],
    ['before its first instant', T0 - DAY_MS - 1, 'promo_unknown'],
    ['at its last millisecond', T0 + DAY_MS - 1, 'bound'],
    ['at valid_to', T0 + DAY_MS, 'promo_unknown'],
  ])('a promo code %s gives its reason', async (_, occurred_at, reason) => {
    expect((await bindingFor({ promo_code: 'PLAIN', occurred_at }))?.reason).toBe(reason)
  })

  it.each([['plain'], ['NOPE'], ['ABROAD'], ['PLAIN ']])(
    'promo codes compare exactly, and one that is unknown or of another brand is promo_unknown: "%s"',
    async (promo_code) => {
      expect((await bindingFor({ promo_code }))?.reason).toBe('promo_unknown')
    },
  )

  it('a click of another brand, or of a link that is not in the catalog, is click_unknown_link', async () => {
    expect((await bindingFor({ click_id: clickId(3, T0) }))?.reason).toBe('click_unknown_link')
    expect((await bindingFor({ click_id: clickId(99, T0) }))?.reason).toBe('click_unknown_link')
  })

  it('a forged click, an altered one and what is no click id are click_invalid', async () => {
    const good = clickId(1, T0)
    const altered = (good[0] === '0' ? '1' : '0') + good.slice(1)
    for (const click_id of [forgedClickId(T0), altered, 'hello']) expect((await bindingFor({ click_id }))?.reason).toBe('click_invalid')
  })

  it('evidence that fails is passed over', async () => {
    expect(await bindingFor({ promo_code: 'PLAIN', click_id: forgedClickId(T0) })).toMatchObject({ affiliate_id: 'cat', evidence: 'promo_code' })
    expect(await bindingFor({ promo_code: 'NOPE', click_id: clickId(1, T0) })).toMatchObject({ affiliate_id: 'ann', evidence: 'click_id' })
  })

  it.each([
    [{ promo_code: 'NOPE', click_id: 'forged' }, 'click_invalid'],
    [{ promo_code: 'NOPE' }, 'promo_unknown'],
    [{}, 'no_evidence'],
  ])('when nothing is left, the reason is the one of the click, else of the promo code, and all events of the player carry it: %o', async (fields, reason) => {
    const reg = registration(fields)
    const fact = deposit('d1')
    const run = await attribute([
      { at: 0, event: reg },
      { at: 1, event: fact },
    ])
    expect(run.binding()).toMatchObject({ affiliate_id: null, offer_id: null, evidence: 'none', reason })
    expect([run.said(reg), run.said(fact)]).toEqual([`unattributed ${reason}`, `unattributed ${reason}`])
    expect(run.attributed.map(({ kind }) => kind)).toEqual(['event', 'event'])
  })
})

describe('no registration yet', () => {
  const fact = deposit('d1')
  const reg = registration({ click_id: clickId(1, T0) })

  it('a fact is parked, and is released with the binding when the registration arrives', async () => {
    const run = await attribute([
      { at: 0, event: fact },
      { at: PARK_MS - 1, event: reg },
    ])
    expect(run.attributed.map(({ kind, event_id, source_offset, index }) => [kind, event_id, source_offset, index])).toEqual([
      ['parked', fact.event_id, 0, 0],
      ['event', reg.event_id, 1, 0],
      ['event', fact.event_id, 1, 1],
    ])
    expect(run.attributed[2]?.binding?.affiliate_id).toBe('ann')
    expect(run.dispositions.filter(({ receipt_id }) => receipt_id === fact.receipt_id).map(({ disposition, reason }) => [disposition, reason])).toEqual([
      ['parked', 'registration_missing'],
      ['applied', null],
    ])
  })

  it('is unattributed after the parking time, and downstream gets the fact', async () => {
    const run = await attribute([{ at: 0, event: fact }, ...tickAt(PARK_MS)])
    expect(run.said(fact)).toBe('unattributed registration_missing')
    expect(run.attributed.at(-1)).toMatchObject({ kind: 'event', event_id: fact.event_id, source_offset: 1, index: 1 })
    expect(run.binding()).toMatchObject({ evidence: 'none', reason: 'registration_missing', affiliate_id: null })
  })

  it('waits as long as log time has not reached the end of the parking time', async () => {
    expect((await attribute([{ at: 0, event: fact }, ...tickAt(PARK_MS - 1)])).said(fact)).toBe('parked registration_missing')
  })

  it('a registration that arrives later still binds a player who has none, and those facts become applied', async () => {
    const run = await attribute([{ at: 0, event: fact }, ...tickAt(PARK_MS), { at: 50 * PARK_MS, event: reg }])
    expect(run.binding()).toMatchObject({ affiliate_id: 'ann', event_id: reg.event_id })
    expect([run.said(fact), run.said(reg)]).toEqual(['applied', 'applied'])
    expect(run.attributed.filter(({ kind, event_id }) => kind === 'event' && event_id === fact.event_id)).toHaveLength(1)
  })
})

describe('test traffic', () => {
  it('a test registration binds nobody, and is filtered', async () => {
    const tried = registration({ click_id: clickId(1, T0), is_test: true })
    const fact = deposit('d1')
    const run = await attribute([
      { at: 0, event: tried },
      { at: 1, event: fact },
    ])
    expect([run.said(tried), run.said(fact)]).toEqual(['filtered test', 'parked registration_missing'])
    expect(run.bindings).toEqual([])
  })

  it('what was tried out does not stand in the way of the real registration', async () => {
    const tried = registration({ click_id: clickId(1, T0), is_test: true })
    const real = registration({ click_id: clickId(1, T0) })
    const run = await attribute([
      { at: 0, event: tried },
      { at: 1, event: real },
    ])
    expect(run.said(real)).toBe('applied')
  })
})

describe('currency_without_rate', () => {
  const reg = registration({ click_id: clickId(1, T0) })

  it.each([
    [deposit('d1', { currency: 'EUR' }), 'applied'],
    [deposit('d1', { currency: 'USD' }), 'applied currency_without_rate'],
  ])('a deposit is applied, with the reason when the deal has a CPA in other currencies only', async (fact, expected) => {
    expect(
      (
        await attribute([
          { at: 0, event: reg },
          { at: 1, event: fact },
        ])
      ).said(fact),
    ).toBe(expected)
  })

  it('follows a corrected binding', async () => {
    const fact = deposit('d1', { currency: 'USD' })
    const ben = registration({ external_event_id: 'r0', occurred_at: T0 - 1, click_id: clickId(2, T0 - 1) })
    const run = await attribute([
      { at: 0, event: reg },
      { at: 1, event: fact },
      { at: 2, event: ben },
    ])
    expect(run.said(fact)).toBe('applied')
  })

  it('is not said where there is no deal', async () => {
    const fact = deposit('d1', { currency: 'USD' })
    const byCode = registration({ promo_code: 'PLAIN' })
    expect(
      (
        await attribute([
          { at: 0, event: byCode },
          { at: 1, event: fact },
        ])
      ).said(fact),
    ).toBe('applied')
  })
})

it('an event that names a catalog version which was never published is dead-lettered', async () => {
  const event = registration({ click_id: clickId(1, T0), catalog_version: `${CATALOG_VERSION}x` })
  const run = await attribute([{ at: 0, event }])
  expect(run.said(event)).toBe('dead_lettered')
  expect(run.deadLetters[0]?.headers?.['dlq-reason']).toBe('catalog_unknown')
  expect(run.bindings).toEqual([])
})

function tickAt(at: number): Arrival[] {
  return [{ at, event: { ...registration(), event_type: 'tick', brand_id: '', player_id: '' } }]
}
