import { type Catalog, createCatalog, type DealVersion } from '../../catalog/catalog.ts'
import type { Binding, PlayerEvent, ScoredEvent, Verdict } from '../../schemas/records.generated.ts'
import { tickEvent } from '../../schemas/tick.ts'

/** Values for the tests of this folder: builders with overrides. */
export const UNIT = 100_000_000n
export const CATALOG_VERSION = 'cat-1'

export function aCatalog(deals: Partial<DealVersion>[]): Catalog {
  return createCatalog(CATALOG_VERSION, {
    brands: [{ id: 'lucky', deepLinkHosts: [] }],
    affiliates: [],
    offers: [],
    links: [],
    promoCodes: [],
    deals: deals.map((deal) => ({ id: 'deal', version: 1, affiliateId: 'ann', offerId: 'welcome', brandId: 'lucky', validFromMs: 0, components: [], ...deal })),
    integrations: [],
    fraudRules: [],
  })
}

export function anEvent(fields: Partial<PlayerEvent> & Pick<PlayerEvent, 'event_id' | 'event_type'>): PlayerEvent {
  return {
    ...tickEvent(0, 1_000),
    receipt_id: `rc_${fields.event_id}`,
    brand_id: 'lucky',
    player_id: 'p1',
    integration_id: 'crm',
    external_event_id: fields.event_id,
    catalog_version: CATALOG_VERSION,
    ...fields,
  }
}

export function aBinding(fields: Partial<Binding> = {}): Binding {
  return {
    binding_id: 'b',
    brand_id: 'lucky',
    player_id: 'p1',
    affiliate_id: 'ann',
    offer_id: 'welcome',
    link_id: null,
    click_id: null,
    clicked_at: null,
    bound_at: 1_000,
    evidence: 'promo_code',
    reason: 'bound',
    candidates: [],
    event_id: 'reg',
    source_offset: 0,
    index: 0,
    ...fields,
  }
}

export function aVerdict(eventId: string, fields: Partial<Verdict> = {}): Verdict {
  return {
    verdict_id: `v_${eventId}`,
    subject_type: 'event',
    subject_id: eventId,
    affiliate_id: null,
    brand_id: 'lucky',
    player_id: 'p1',
    event_time: 0,
    decision: 'allow',
    score: 0,
    revision: 2,
    settled: true,
    completeness: 1,
    scored_at: 0,
    reasons: [],
    catalog_version: CATALOG_VERSION,
    ...fields,
  }
}

/** A scored event with a settled `allow`, bound to affiliate ann by the event `reg`. */
export function scored(
  event: PlayerEvent,
  fields: { binding?: Binding | null; verdict?: Verdict | null; kind?: 'event' | 'parked' | 'skip' } = {},
): ScoredEvent {
  return {
    event_id: event.event_id,
    attributed: {
      event_id: event.event_id,
      kind: fields.kind ?? 'event',
      event,
      binding: fields.binding === undefined ? aBinding() : fields.binding,
      click_state: 'none',
      click: null,
      source_offset: 0,
      index: 0,
    },
    verdict: fields.verdict === undefined ? aVerdict(event.event_id) : fields.verdict,
    source_offset: 0,
    index: 0,
  }
}

export const registration = (fields: Partial<PlayerEvent> = {}) => anEvent({ event_id: 'reg', event_type: 'registration', occurred_at: 1_000, ...fields })
export const deposit = (id: string, units: bigint, fields: Partial<PlayerEvent> = {}) =>
  anEvent({ event_id: id, event_type: 'deposit', amount: units, currency: 'USD', occurred_at: 2_000, ...fields })
export const chargeback = (id: string, refersTo: string, units: bigint, fields: Partial<PlayerEvent> = {}) =>
  anEvent({ event_id: id, event_type: 'chargeback', amount: units, currency: 'USD', refers_to: refersTo, occurred_at: 3_000, ...fields })
export const word = (id: string, refersTo: string, status: NonNullable<PlayerEvent['status']>, at = 4_000) =>
  anEvent({ event_id: id, event_type: 'status_change', refers_to: refersTo, status, occurred_at: at })
export const revenue = (id: string, period: string, revision: number, units: bigint, fields: Partial<PlayerEvent> = {}) =>
  anEvent({ event_id: id, event_type: 'revenue_reported', amount: units, currency: 'USD', period, revision, ...fields })
export const trade = (id: string, lots: bigint) => anEvent({ event_id: id, event_type: 'trade_closed', lots, instrument: 'EURUSD', account_type: 'standard' })
