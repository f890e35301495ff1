import { type Catalog, type CatalogContent, createCatalog } from '../../catalog/catalog.ts'
import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import { createNames } from '../../runtime/names.ts'
import type { OutputRecord } from '../../runtime/producer.ts'
import { clickKeysFromText, mintClickId } from '../../schemas/click-id.ts'
import { codecs } from '../../schemas/codec.ts'
import { contentHash, eventId, eventIdentity, receiptId } from '../../schemas/identity.ts'
import type { AttributedEvent, Binding, Disposition, PlayerEvent } from '../../schemas/records.generated.ts'
import { tickEvent } from '../../schemas/tick.ts'
import { inBatches, runStep } from '../../test/support/run-step.ts'
import { createAttributionStep } from './step.ts'

/** Values for the tests of this folder. The offer `welcome` of ann has a window of 30 days, `short` of ben one of one day. */
export const DAY_MS = 86_400_000
export const PARK_MS = 10_000
export const T0 = Date.UTC(2026, 0, 10)
export const CATALOG_VERSION = 'cat-1'
export const keyText = `1:${'ab'.repeat(16)}`
export const keys = clickKeysFromText(keyText)
const foreignKeys = clickKeysFromText(`1:${'cd'.repeat(16)}`)

const content: CatalogContent = {
  brands: [
    { id: 'lucky', deepLinkHosts: [] },
    { id: 'other', deepLinkHosts: [] },
  ],
  affiliates: [
    { id: 'ann', name: 'Ann' },
    { id: 'ben', name: 'Ben' },
    { id: 'cat', name: 'Cat' },
  ],
  offers: [
    { id: 'welcome', brandId: 'lucky', landingUrl: 'https://l.example', clickParam: 'c', attributionWindowMs: 30 * DAY_MS },
    { id: 'short', brandId: 'lucky', landingUrl: 'https://l.example', clickParam: 'c', attributionWindowMs: DAY_MS },
    { id: 'elsewhere', brandId: 'other', landingUrl: 'https://o.example', clickParam: 'c', attributionWindowMs: 30 * DAY_MS },
  ],
  links: [
    { id: 'ann-welcome', number: 1, affiliateId: 'ann', offerId: 'welcome', brandId: 'lucky' },
    { id: 'ben-short', number: 2, affiliateId: 'ben', offerId: 'short', brandId: 'lucky' },
    { id: 'ann-elsewhere', number: 3, affiliateId: 'ann', offerId: 'elsewhere', brandId: 'other' },
  ],
  promoCodes: [
    { code: 'PLAIN', affiliateId: 'cat', offerId: 'welcome', brandId: 'lucky', exclusive: false, validFromMs: T0 - DAY_MS, validToMs: T0 + DAY_MS },
    { code: 'VIP', affiliateId: 'cat', offerId: 'welcome', brandId: 'lucky', exclusive: true, validFromMs: 0, validToMs: null },
    { code: 'ABROAD', affiliateId: 'cat', offerId: 'elsewhere', brandId: 'other', exclusive: true, validFromMs: 0, validToMs: null },
  ],
  deals: [
    {
      id: 'ann-deal',
      version: 1,
      affiliateId: 'ann',
      offerId: 'welcome',
      brandId: 'lucky',
      validFromMs: 0,
      components: [
        { id: 'cpa', type: 'cpa', minDepositUnits: 2_000_000_000n, amountUnits: 5_000_000_000n, currency: 'EUR' },
        { id: 'share', type: 'revshare', percentUnits: 2_500_000_000n, currency: 'USD' },
      ],
    },
    {
      id: 'ben-deal',
      version: 1,
      affiliateId: 'ben',
      offerId: 'short',
      brandId: 'lucky',
      validFromMs: 0,
      components: [{ id: 'lot', type: 'per_lot', amountUnits: 300_000_000n, currency: 'EUR' }],
    },
  ],
  integrations: [],
  fraudRules: [],
}
export const catalog: Catalog = createCatalog(CATALOG_VERSION, content)

export const clickId = (linkNumber: number, atMs: number, random26 = 7) => mintClickId(keys, { atMs, linkNumber, random26 })
export const forgedClickId = (atMs: number) => mintClickId(foreignKeys, { atMs, linkNumber: 1, random26: 7 })

type Fields = Partial<PlayerEvent>

/** An event with the ids that ingest gives it: functions of identity and content. */
export function anEvent(fields: Fields & Pick<PlayerEvent, 'event_type'>): PlayerEvent {
  const event: PlayerEvent = {
    ...tickEvent(0, T0),
    brand_id: 'lucky',
    player_id: 'p1',
    integration_id: 'crm',
    external_event_id: 'x1',
    occurred_at: T0,
    catalog_version: CATALOG_VERSION,
    ...fields,
  }
  const { event_id: _e, receipt_id: _r, content_hash: _c, received_at: _at, catalog_version: _v, ...told } = event
  const told_ = contentHash(told)
  const identity = eventIdentity(event)
  return { ...event, event_id: eventId(identity, told_), receipt_id: receiptId(identity, told_), content_hash: told_ }
}

export const registration = (fields: Fields = {}) => anEvent({ event_type: 'registration', external_event_id: '', ...fields })
export const deposit = (id: string, fields: Fields = {}) =>
  anEvent({ event_type: 'deposit', external_event_id: id, amount: 5_000_000_000n, currency: 'EUR', occurred_at: T0 + 1_000, ...fields })
export const chargeback = (id: string, refersTo: string, fields: Fields = {}) =>
  anEvent({ event_type: 'chargeback', external_event_id: id, refers_to: refersTo, amount: 5_000_000_000n, currency: 'EUR', occurred_at: T0 + 2_000, ...fields })
export const word = (id: string, refersTo: string, fields: Fields = {}) =>
  anEvent({ event_type: 'status_change', external_event_id: id, refers_to: refersTo, status: 'held', occurred_at: T0 + 3_000, ...fields })
export const revenue = (id: string, revision: number, fields: Fields = {}) =>
  anEvent({
    event_type: 'revenue_reported',
    external_event_id: id,
    period: '2026-01-10',
    revision,
    amount: 100n,
    currency: 'USD',
    occurred_at: T0 + 4_000,
    ...fields,
  })
export const tick = (atMs: number) => tickEvent(0, atMs)

/** An event and the log time at which it arrives. */
export type Arrival = { at: number; event: PlayerEvent } | { at: number; bytes: Buffer }

export function logFrom(arrivals: Arrival[]): KafkaRecord[] {
  return arrivals.map((arrival, offset) => ({
    topic: 'player-events',
    partition: 3,
    offset,
    timestampMs: T0 + arrival.at,
    key: null,
    headers: {},
    value: 'bytes' in arrival ? arrival.bytes : codecs.PlayerEvent.encode(arrival.event),
  }))
}

export function createStep(clicks: ReadonlyMap<string, Buffer> = new Map()) {
  return createAttributionStep(
    { parkMs: PARK_MS, keys, names: createNames('') },
    {
      findCatalog: (version) => Promise.resolve(version === CATALOG_VERSION ? catalog : null),
      findClicks: (ids) => Promise.resolve(new Map([...clicks].filter(([id]) => ids.includes(id)))),
    },
  )
}

export type Outcome = {
  attributed: AttributedEvent[]
  bindings: Binding[]
  dispositions: Disposition[]
  deadLetters: OutputRecord[]
  /** The newest binding of the player p1, or of whom is asked for. */
  binding(playerId?: string): Binding | null
  /** The newest disposition of an event's receipt, as `applied` or `unattributed no_evidence`. */
  said(event: PlayerEvent): string | null
}

/** Runs the step over arrivals in one partition and decodes what came out. */
export async function attribute(arrivals: Arrival[], options: { sizes?: number[]; clicks?: ReadonlyMap<string, Buffer> } = {}): Promise<Outcome> {
  const { outputs } = await runStep(createStep(options.clicks), inBatches(logFrom(arrivals), options.sizes ?? [arrivals.length]))
  return outcomeOf(outputs)
}

export function outcomeOf(outputs: OutputRecord[]): Outcome {
  const of = <T>(topic: string, decode: (bytes: Buffer) => T) => outputs.filter((output) => output.topic === topic).map((output) => decode(output.value))
  const bindings = of('bindings', codecs.Binding.decode)
  const dispositions = of('dispositions', codecs.Disposition.decode)
  return {
    attributed: of('attributed-events', codecs.AttributedEvent.decode),
    bindings,
    dispositions,
    deadLetters: outputs.filter(({ topic }) => topic === 'dead-letters'),
    binding: (playerId = 'p1') => newest(bindings.filter(({ player_id }) => player_id === playerId)),
    said(event) {
      const last = newest(dispositions.filter(({ receipt_id }) => receipt_id === event.receipt_id))
      return last === null ? null : [last.disposition, last.reason].filter((part) => part !== null).join(' ')
    },
  }
}

function newest<T extends { source_offset: number; index: number }>(records: T[]): T | null {
  return records.reduce<T | null>(
    (best, next) =>
      best === null || next.source_offset > best.source_offset || (next.source_offset === best.source_offset && next.index > best.index) ? next : best,
    null,
  )
}
