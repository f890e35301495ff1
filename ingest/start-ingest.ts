import { createSecretKey } from 'node:crypto'
import type { AddressInfo } from 'node:net'
import type { FastifyInstance } from 'fastify'
import type { Catalog } from '../catalog/catalog.ts'
import type { IntegrationSecrets } from '../catalog/integration-secrets.ts'
import { messageOf } from '../runtime/lifecycle.ts'
import type { Log } from '../runtime/log.ts'
import { createMetrics } from '../runtime/metrics.ts'
import { createNames } from '../runtime/names.ts'
import { createProducer, type Producer } from '../runtime/producer.ts'
import { clickKeysFromText } from '../schemas/click-id.ts'
import { createApp } from './app.ts'
import { createRandom26 } from './click/click-record.ts'
import { createNetworkLookup } from './enrich/network-lookup.ts'
import { createDeviceReader } from './enrich/user-agent.ts'
import { proxyTestFrom } from './http/client-address.ts'
import type { IngestContext } from './ingest-context.ts'
import { createIngestMetrics, registerGauges } from './ingest-metrics.ts'
import { createAdmission } from './lanes/admission.ts'
import { createClickLane } from './lanes/click-lane.ts'
import { createDurableLane } from './lanes/durable-lane.ts'
import { createEdgeOutcomes } from './lanes/edge-outcomes.ts'
import { createOutcomeFlusher } from './lanes/outcome-flusher.ts'
import { createSpill } from './spill/spill.ts'

export type IngestOptions = {
  catalog: Catalog
  secrets: IntegrationSecrets
  log: Log
  brokers: string
  clickKeys: string
  ipKey: string
  trustedProxies: string[]
  namespace: string
  spillDir: string
  port: number
  host: string
  processId: string
  random26Start: number
  now: () => number
  /** The producer can never write again; the process must be replaced. */
  onFatal: (error: Error) => void
}

/** As long as a batch may wait for the log; what waits longer than the lane's patience is on disk by then. */
const DELIVERY_TIMEOUT_MS = 3_000
const HTTP_CLOSE_MS = 3_000
const PRODUCER_CLOSE_MS = 2_500
/** A log that is away will not take the rest now, and the rest is on disk. */
const PRODUCER_CLOSE_AWAY_MS = 200
/** librdkafka: this instance is beyond repair. */
const FATAL_CODE = -150

/** Starts everything that ingest is; `stop` ends it in an order in which nothing accepted is lost. */
export async function startIngest(options: IngestOptions): Promise<{ url: string; stop: () => Promise<void> }> {
  const { log, now } = options
  const names = createNames(options.namespace)
  const registry = createMetrics('ingest')
  const metrics = createIngestMetrics(registry)
  const spill = await createSpill({ dir: options.spillDir, now })
  if (spill.cutBytes > 0) log.warn({ bytes: spill.cutBytes }, 'cut an unfinished record off the spill')
  const producer = createProducer({
    brokers: options.brokers,
    clientId: 'tributary-ingest',
    lanes: 2,
    deliveryTimeoutMs: DELIVERY_TIMEOUT_MS,
    onError: fatalWatch(options.onFatal),
  })
  const lane = createDurableLane({
    log: producer,
    spill,
    onChange: (isAway) => log.warn({ away: isAway, ...spill.state() }, isAway ? 'the log does not answer; records go to disk' : 'the log answers again'),
  })
  const clickLane = createClickLane({ lane, onStored: metrics.stored, onDropped: metrics.clicksDropped })
  const outcomes = createEdgeOutcomes({ now, processId: options.processId })
  const flusher = createOutcomeFlusher({
    outcomes,
    lane,
    names,
    onError: (error) => log.warn({ error: messageOf(error) }, 'counts of refusals wait'),
  })
  const admission = createAdmission()
  registerGauges(registry, {
    spill: spill.state,
    clickQueue: clickLane.depth,
    inFlight: admission.depth,
    producerDepth: producer.depth,
    isLogAway: lane.isLogAway,
    now,
  })
  let isListening = false
  const context: IngestContext = {
    catalog: options.catalog,
    secrets: options.secrets,
    names,
    clickKeys: clickKeysFromText(options.clickKeys),
    enrichment: { networkOf: createNetworkLookup(), deviceOf: createDeviceReader(), ipKey: createSecretKey(options.ipKey, 'hex') },
    isProxy: proxyTestFrom(options.trustedProxies),
    now,
    random26: createRandom26(options.random26Start),
    lane,
    clickLane,
    admission,
    outcomes,
    metrics,
    registry,
    ready: () => (!isListening ? 'not listening' : lane.canStore() ? null : 'neither the log nor the spill takes records'),
  }
  const app = await createApp(context, log)
  await app.listen({ port: options.port, host: options.host })
  isListening = true
  const { port } = app.server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      isListening = false
      await closeHttp(app)
      await clickLane.close()
      await flusher.close()
      const isAway = lane.isLogAway()
      await Promise.all([lane.close(), closeProducer(producer, isAway ? PRODUCER_CLOSE_AWAY_MS : PRODUCER_CLOSE_MS)])
      await spill.close()
    },
  }
}

function fatalWatch(onFatal: (error: Error) => void): (error: Error) => void {
  return (error) => {
    if ((error as Error & { code?: number }).code === FATAL_CODE) onFatal(error)
  }
}

/** Requests under way are answered; connections that say nothing are closed, and after the deadline all of them. */
async function closeHttp(app: FastifyInstance): Promise<void> {
  const idle = setInterval(() => app.server.closeIdleConnections(), 50)
  const late = setTimeout(() => app.server.closeAllConnections(), HTTP_CLOSE_MS)
  await app.close()
  clearInterval(idle)
  clearTimeout(late)
}

/** What the producer still holds is on disk as well, so its end may be cut short. */
async function closeProducer(producer: Producer, deadlineMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  await Promise.race([
    producer.close(),
    new Promise<void>((resolve) => {
      timer = setTimeout(resolve, deadlineMs)
    }),
  ])
  clearTimeout(timer)
}
