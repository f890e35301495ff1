import type { Registry } from 'prom-client'
import type { Catalog } from '../catalog/catalog.ts'
import type { IntegrationSecrets } from '../catalog/integration-secrets.ts'
import type { Names } from '../runtime/names.ts'
import type { ClickKeys } from '../schemas/click-id.ts'
import type { Enrichment } from './click/click-record.ts'
import type { ProxyTest } from './http/client-address.ts'
import type { IngestMetrics } from './ingest-metrics.ts'
import type { Admission } from './lanes/admission.ts'
import type { ClickLane } from './lanes/click-lane.ts'
import type { DurableLane } from './lanes/durable-lane.ts'
import type { EdgeOutcomes } from './lanes/edge-outcomes.ts'

/** Everything the routes work with; the process makes one, and so does each test. */
export type IngestContext = {
  catalog: Catalog
  secrets: IntegrationSecrets
  names: Names
  clickKeys: ClickKeys
  enrichment: Enrichment
  isProxy: ProxyTest
  now: () => number
  random26: () => number
  lane: DurableLane
  clickLane: ClickLane
  admission: Admission
  outcomes: EdgeOutcomes
  metrics: IngestMetrics
  registry: Registry
  /** Why the process is not ready, or null. */
  ready: () => string | null
}
