import { createSecretKey } from 'node:crypto'
import type { FastifyInstance } from 'fastify'
import { type Catalog, createCatalog, type Integration } from '../../catalog/catalog.ts'
import { secretHash } from '../../catalog/integration-secrets.ts'
import { createApp } from '../../ingest/app.ts'
import { createRandom26 } from '../../ingest/click/click-record.ts'
import { createDeviceReader } from '../../ingest/enrich/user-agent.ts'
import { proxyTestFrom } from '../../ingest/http/client-address.ts'
import type { IngestContext } from '../../ingest/ingest-context.ts'
import { createIngestMetrics } from '../../ingest/ingest-metrics.ts'
import { createAdmission } from '../../ingest/lanes/admission.ts'
import type { DurableLane } from '../../ingest/lanes/durable-lane.ts'
import { createEdgeOutcomes, type EdgeOutcomes } from '../../ingest/lanes/edge-outcomes.ts'
import { SpillError } from '../../ingest/spill/spill-error.ts'
import type { SpillRecord } from '../../ingest/spill/spill.ts'
import { createMetrics } from '../../runtime/metrics.ts'
import { createNames } from '../../runtime/names.ts'
import { clickKeysFromText } from '../../schemas/click-id.ts'
import { codecs } from '../../schemas/codec.ts'
import type { Click, PlayerEvent } from '../../schemas/records.generated.ts'

export const NOW_MS = Date.UTC(2026, 5, 15, 12)
export const CRM = 'crm-secret-0001'
export const NETWORK = 'network-secret-0002'
export const TRACKER = 'tracker-secret-0003'
export const BROKER = 'broker-secret-0004'

/** The HTTP side of ingest with a lane that keeps records in memory, for tests of what is answered and what is stored. */
export type TestIngest = {
  app: FastifyInstance
  context: IngestContext
  outcomes: EdgeOutcomes
  stored: SpillRecord[]
  events(): PlayerEvent[]
  clicks(): Click[]
  /** What the next stores meet. */
  lane: { failure: SpillError['code'] | null }
  logged: string[]
}

export async function createTestIngest(options: { proxies?: string[]; perIntegrationMax?: number } = {}): Promise<TestIngest> {
  const stored: SpillRecord[] = []
  const logged: string[] = []
  const state: { failure: SpillError['code'] | null } = { failure: null }
  const lane: DurableLane = {
    async store(records) {
      if (state.failure !== null) throw new SpillError(state.failure, 'the spill of the test')
      stored.push(...records)
      return 'log'
    },
    isLogAway: () => false,
    canStore: () => state.failure === null,
    close: async () => {},
  }
  const registry = createMetrics('test')
  const outcomes = createEdgeOutcomes({ now: () => NOW_MS, processId: 'test' })
  const catalog = testCatalog()
  const secretOf: Record<string, string> = { crm: CRM, network: NETWORK, tracker: TRACKER, broker: BROKER }
  const context: IngestContext = {
    catalog,
    secrets: { byHash: new Map(catalog.integrations.map((integration) => [secretHash(secretOf[integration.id] ?? ''), integration])) },
    names: createNames(''),
    clickKeys: clickKeysFromText('0:00112233445566778899aabbccddeeff'),
    enrichment: {
      networkOf: () => ({ country: 'DE', asn: 3320, ipClass: 'residential' }),
      deviceOf: createDeviceReader(),
      ipKey: createSecretKey('00112233445566778899aabbccddeeff', 'hex'),
    },
    isProxy: proxyTestFrom(options.proxies ?? []),
    now: () => NOW_MS,
    random26: createRandom26(7),
    lane,
    clickLane: { push: (record) => void stored.push(record), depth: () => 0, close: async () => {} },
    admission: createAdmission({ perIntegrationMax: options.perIntegrationMax ?? 10_000 }),
    outcomes,
    metrics: createIngestMetrics(registry),
    registry,
    ready: () => (state.failure === null ? null : 'neither the log nor the spill takes records'),
  }
  const keep = (fields: object, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`)
  const app = await createApp(context, { info: keep, warn: keep, error: keep })
  const decode = <T>(topic: string, read: (value: Buffer) => T) => stored.filter((record) => record.topic === topic).map((record) => read(record.value))
  return {
    app,
    context,
    outcomes,
    stored,
    events: () => decode('player-events', codecs.PlayerEvent.decode),
    clicks: () => decode('clicks', codecs.Click.decode),
    lane: state,
    logged,
  }
}

export function testCatalog(): Catalog {
  const integration = (id: string, more: Partial<Integration>): Integration => ({
    id,
    brandId: 'lucky',
    subject: 'player',
    secretEnv: 'X',
    scopes: ['events'],
    attributes: [],
    ignoredParameters: [],
    ...more,
  })
  const validFromMs = Date.UTC(2020, 0, 1)
  return createCatalog('catalog-1', {
    brands: [
      { id: 'lucky', deepLinkHosts: ['promo.lucky.example', 'Shop.Lucky.Example'] },
      { id: 'pips', deepLinkHosts: [] },
    ],
    affiliates: [
      { id: 'ann', name: 'Ann' },
      { id: 'bob', name: 'Bob' },
    ],
    offers: [
      {
        id: 'welcome',
        brandId: 'lucky',
        landingUrl: 'https://lucky.example/welcome?lang=en#top',
        clickParam: 'clickid',
        attributionWindowMs: 30 * 86_400_000,
      },
      { id: 'trade', brandId: 'pips', landingUrl: 'https://pips.example', clickParam: 'cid', attributionWindowMs: 7 * 86_400_000 },
    ],
    links: [
      { id: 'ann-welcome', number: 5, affiliateId: 'ann', offerId: 'welcome', brandId: 'lucky' },
      { id: 'ann-first', number: 2, affiliateId: 'ann', offerId: 'welcome', brandId: 'lucky' },
      { id: 'bob-trade', number: 3, affiliateId: 'bob', offerId: 'trade', brandId: 'pips' },
    ],
    promoCodes: [
      { code: 'ANN10', affiliateId: 'ann', offerId: 'welcome', brandId: 'lucky', exclusive: false, validFromMs, validToMs: null },
      { code: 'BOB10', affiliateId: 'bob', offerId: 'welcome', brandId: 'lucky', exclusive: false, validFromMs, validToMs: null },
      {
        code: 'OLD',
        affiliateId: 'ann',
        offerId: 'welcome',
        brandId: 'lucky',
        exclusive: false,
        validFromMs,
        validToMs: Date.UTC(2021, 0, 1),
      },
    ],
    deals: [],
    integrations: [
      integration('crm', { scopes: ['clicks', 'events'], attributes: ['campaign'], ignoredParameters: ['foo'] }),
      integration('network', { subject: 'click' }),
      integration('tracker', { scopes: ['clicks'] }),
      integration('broker', { brandId: 'pips' }),
    ],
    fraudRules: [],
  })
}
