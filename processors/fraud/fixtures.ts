import type { EventSignals, RuleSettings } from './rules/rule.ts'
import { type Catalog, createCatalog, type FraudRule, type FraudRuleId, type RuleMode, ruleOf } from '../../catalog/catalog.ts'
import { clickKeysFromText, mintClickId } from '../../schemas/click-id.ts'
import type { AttributedEvent, Binding, Click, PlayerEvent } from '../../schemas/records.generated.ts'
import { tickEvent } from '../../schemas/tick.ts'

/** Builders for the tests of this folder. Everything happens on one afternoon, at one brand. */
export const NOON_MS = Date.UTC(2026, 5, 1, 12)
export const clickKeys = clickKeysFromText('0:00112233445566778899aabbccddeeff')
const HOUR_MS = 3_600_000
const WINDOW_DAYS_MS = 30 * 86_400_000

export function testCatalog(modes: Partial<Record<FraudRuleId, RuleMode>> = {}): Catalog {
  const mode = (id: FraudRuleId): RuleMode => modes[id] ?? 'live'
  const maxClicks = { residential: 10, mobile: 200, business: 50, education: 100, hosting: 3, unknown: 20 }
  const fraudRules: FraudRule[] = [
    { id: 'ip-velocity', version: 3, mode: mode('ip-velocity'), params: { windowMs: HOUR_MS, maxClicks } },
    { id: 'fast-conversion', version: 1, mode: mode('fast-conversion'), params: { minMs: 3_000 } },
    { id: 'duplicate-external-id', version: 1, mode: mode('duplicate-external-id'), params: { windowMs: 90 * 86_400_000 } },
    { id: 'invalid-click', version: 2, mode: mode('invalid-click'), params: {} },
  ]
  return createCatalog('cat-1', {
    brands: [
      { id: 'b1', deepLinkHosts: [] },
      { id: 'b2', deepLinkHosts: [] },
    ],
    affiliates: [{ id: 'a1', name: 'A' }],
    offers: [
      { id: 'o1', brandId: 'b1', landingUrl: 'https://x.test/', clickParam: 'cid', attributionWindowMs: WINDOW_DAYS_MS },
      { id: 'o2', brandId: 'b2', landingUrl: 'https://y.test/', clickParam: 'cid', attributionWindowMs: WINDOW_DAYS_MS },
    ],
    links: [
      { id: 'l1', number: 1, affiliateId: 'a1', offerId: 'o1', brandId: 'b1' },
      { id: 'l2', number: 2, affiliateId: 'a1', offerId: 'o2', brandId: 'b2' },
    ],
    promoCodes: [],
    deals: [],
    integrations: [],
    fraudRules,
  })
}

export function settingsOf<Id extends FraudRuleId>(id: Id, mode: RuleMode = 'live'): RuleSettings<Id> {
  return ruleOf(testCatalog({ [id]: mode }), id)
}

let serial = 0

export function testClick(given: Partial<Click> = {}): Click {
  const atMs = given.occurred_at ?? NOON_MS
  return {
    click_id: mintClickId(clickKeys, { atMs, linkNumber: 1, random26: serial++ }),
    link_id: 'l1',
    affiliate_id: 'a1',
    offer_id: 'o1',
    brand_id: 'b1',
    occurred_at: atMs,
    received_at: atMs,
    source: 'redirect',
    external_click_id: null,
    affiliate_click_id: null,
    sub_ids: {},
    ip_hash: '00000000000000aa',
    ip_prefix: '203.0.113.0/24',
    ip_class: 'residential',
    asn: null,
    country: null,
    device_hash: '00000000000000bb',
    browser: null,
    os: null,
    referrer_host: null,
    is_bot: false,
    is_test: false,
    catalog_version: 'cat-1',
    ...given,
  }
}

export function testEvent(given: Partial<PlayerEvent> = {}): PlayerEvent {
  const id = `ev_${serial++}`
  return {
    ...tickEvent(0, NOON_MS),
    event_id: id,
    receipt_id: `rc_${id}`,
    brand_id: 'b1',
    player_id: 'p1',
    integration_id: 'i1',
    event_type: 'registration',
    occurred_at: NOON_MS + 60_000,
    received_at: NOON_MS + 60_000,
    content_hash: 'c',
    catalog_version: 'cat-1',
    ...given,
  }
}

export function testBinding(event: PlayerEvent, click: Click | null): Binding {
  return {
    binding_id: 'bd_1',
    brand_id: event.brand_id,
    player_id: event.player_id,
    affiliate_id: 'a1',
    offer_id: 'o1',
    link_id: click === null ? null : 'l1',
    click_id: click?.click_id ?? null,
    clicked_at: click?.occurred_at ?? null,
    bound_at: event.occurred_at,
    evidence: click === null ? 'promo_code' : 'click_id',
    reason: 'bound',
    candidates: [],
    event_id: event.event_id,
    source_offset: 0,
    index: 0,
  }
}

/** A registration through a click, or any event that is given. */
export function testAttributed(event: PlayerEvent, click: Click | null, given: Partial<AttributedEvent> = {}): AttributedEvent {
  return {
    event_id: event.event_id,
    kind: 'event',
    event,
    binding: testBinding(event, click),
    click_state: click === null ? 'none' : 'joined',
    click,
    source_offset: 0,
    index: 0,
    ...given,
  }
}

/** Signals that give no rule anything to say. */
export function cleanSignals(given: Partial<EventSignals> = {}): EventSignals {
  const clickedAtMs = NOON_MS
  return {
    event: testEvent(),
    binds: true,
    clickedAtMs,
    ip: { state: 'known', ipClass: 'residential', clickedAtMs, times: [[clickedAtMs, 1]] },
    externalId: { state: 'none' },
    claim: { state: 'valid' },
    ...given,
  }
}

/** Signals of a click from a residential address that clicked `clicks` times within a minute. */
export function floodedSignals(clicks: number): EventSignals {
  const times = Array.from({ length: clicks }, (_, i): [number, number] => [NOON_MS + i, 1])
  return cleanSignals({ ip: { state: 'known', ipClass: 'residential', clickedAtMs: NOON_MS, times } })
}
