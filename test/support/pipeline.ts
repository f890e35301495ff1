import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createCatalogStore } from '../../catalog/catalog-store.ts'
import { type Catalog } from '../../catalog/catalog.ts'
import { loadCatalog } from '../../catalog/load-catalog.ts'
import { runSimulator, type SimulatorResult } from '../../cli/simulator/run-simulator.ts'
import { createClickHouse } from '../../runtime/clickhouse.ts'
import { createNames } from '../../runtime/names.ts'
import { createProducer, type OutputRecord } from '../../runtime/producer.ts'
import { migrate } from '../../sql/migrate.ts'
import { type Child, startChild } from './child.ts'
import { createTestTopics, testServices, uniqueNamespace } from './services.ts'
import { until } from './until.ts'

/** All processes of the product under a namespace of their own, on the services of the test run. */
export type Pipeline = {
  namespace: string
  ingestUrl: string
  /** Starts a process again after it was killed; `killAt` makes it kill itself at a labelled point. */
  start(name: ProcessName, options?: { killAt?: string; instance?: string }): Child
  child(name: ProcessName): Child
  simulate(traffic: { seed: number; events: number; perSecond: number | null; endMs: number }): Promise<SimulatorResult>
  /** Sends player events of the casino as one batch. @throws when one is not accepted */
  send(events: Record<string, string>[]): Promise<void>
  /** Writes a record past ingest, as somebody who has access to the broker can. */
  produce(record: OutputRecord): Promise<void>
  sql<Row>(query: string): Promise<Row[]>
  /** Until every accepted event is decided, every verdict settled and all of it visible; then what it came to. */
  settledFingerprint(): Promise<Fingerprint>
  stop(): Promise<void>
}

export const processNames = ['ingest', 'attribution', 'fraud', 'commission', 'warehouse'] as const
export type ProcessName = (typeof processNames)[number]

/** What two runs of the same traffic must agree on, one line a row. */
export type Fingerprint = {
  bindings: string[]
  receipts: string[]
  commissions: string[]
  verdicts: string[]
  unbalanced: number
  accepted: number
  explained: number
}

/** Lines that only one of two runs has, a few of each kind. */
export function differences(undisturbed: Fingerprint, disturbed: Fingerprint): string[] {
  return (['bindings', 'receipts', 'verdicts', 'commissions'] as const).flatMap((part) => {
    const left = new Set(undisturbed[part])
    const right = new Set(disturbed[part])
    const lost = [...left].filter((line) => !right.has(line))
    const made = [...right].filter((line) => !left.has(line))
    return [
      ...lost.slice(0, DIFFERENCES_SHOWN).map((line) => `${part} lost: ${line}`),
      ...made.slice(0, DIFFERENCES_SHOWN).map((line) => `${part} made: ${line}`),
    ]
  })
}

const DIFFERENCES_SHOWN = 5
const CLICK_KEYS = '3:00112233445566778899aabbccddeeff'
const IP_KEYS = '112233445566778899aabbccddeeff00'
const SECRET_PREFIX = 'secret-of-'
/** Looks that must agree before the pipeline counts as quiet; longer together than fraud waits before it looks again at what windows were being filled for. */
const QUIET_LOOKS = 4
const LOOK_PAUSE_MS = 2_000

export async function startPipeline(options: { settleMs?: number } = {}): Promise<Pipeline> {
  const services = testServices()
  const namespace = uniqueNamespace()
  const names = createNames(namespace)
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-pipeline-'))
  const catalog = loadCatalog('catalog')
  if (Array.isArray(catalog)) throw new Error('the demo catalog cannot be used')
  await createTestTopics(namespace)
  await migrate({ clickhouseUrl: services.clickhouseUrl, names, log: { info() {}, warn() {}, error() {} } })
  await publish(catalog, services.kafkaBrokers, namespace)
  const secrets = Object.fromEntries(catalog.integrations.map(({ id }) => [id, `${SECRET_PREFIX}${id}`]))
  const env: Record<string, string> = {
    KAFKA_BROKERS: services.kafkaBrokers,
    REDIS_URL: services.redisUrl,
    CLICKHOUSE_URL: services.clickhouseUrl,
    TRIBUTARY_NAMESPACE: namespace,
    TRIBUTARY_CATALOG: 'catalog',
    TRIBUTARY_DATA: dataDir,
    TRIBUTARY_INGEST_PORT: '0',
    TRIBUTARY_CLICK_KEYS: CLICK_KEYS,
    TRIBUTARY_IP_KEYS: IP_KEYS,
    TRIBUTARY_SETTLE_MS: String(options.settleMs ?? 500),
    ...Object.fromEntries(catalog.integrations.map(({ id, secretEnv }) => [secretEnv, secrets[id] ?? ''])),
  }
  const children = new Map<ProcessName, Child>()
  const start: Pipeline['start'] = (name, { killAt = '', instance = `${name}-0` } = {}) => {
    const file = name === 'ingest' ? 'ingest/main.ts' : `processors/${name}/main.ts`
    const child = startChild(file, { ...env, TRIBUTARY_INSTANCE: instance, TRIBUTARY_KILL_AT: killAt })
    children.set(name, child)
    return child
  }
  for (const name of processNames) start(name)
  const ingestUrl = await listening(() => children.get('ingest'))
  const client = createClickHouse(services.clickhouseUrl, { database: names.database('tributary_v1') })
  const sql = async <Row>(query: string) => (await client.query({ query, format: 'JSONEachRow' })).json<Row>()

  return {
    namespace,
    ingestUrl,
    start,
    child: (name) => children.get(name) as Child,
    simulate: ({ seed, events, perSecond, endMs }) =>
      runSimulator({ catalog, ingestUrl, secrets, seed, traffic: { kind: 'batch', events, perSecond, endMs }, signal: new AbortController().signal }),
    async send(events) {
      const response = await fetch(`${ingestUrl}/v1/events`, {
        method: 'POST',
        headers: { authorization: `Bearer ${secrets['harbor-platform']}`, 'content-type': 'application/json' },
        body: JSON.stringify(events),
      })
      const { items } = (await response.json()) as { items: { status: string }[] }
      if (!items.every(({ status }) => status === 'accepted')) throw new Error(JSON.stringify(items))
    },
    async produce(record) {
      const producer = createProducer({ brokers: services.kafkaBrokers, clientId: 'stranger', lanes: 1 })
      await producer.append([{ ...record, topic: names.topic(record.topic) }])
      await producer.close()
    },
    sql,
    async settledFingerprint() {
      let last = ''
      let equal = 0
      await until(
        'the pipeline is quiet',
        async () => {
          await new Promise((resolve) => setTimeout(resolve, LOOK_PAUSE_MS))
          const open = await sql<{ undecided: string; unsettled: string }>(OPEN)
          const now = JSON.stringify([await fingerprintOf(sql), open])
          equal = now === last && open[0]?.undecided === '0' && open[0].unsettled === '0' ? equal + 1 : 0
          last = now
          return { open, equal }
        },
        (seen) => seen.equal >= QUIET_LOOKS,
        180_000,
      )
      return fingerprintOf(sql)
    },
    async stop() {
      for (const child of children.values()) child.kill('SIGTERM')
      await Promise.all([...children.values()].map((child) => child.exited))
      await client.close()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

const OPEN = `SELECT (SELECT toString(count()) FROM receipts WHERE disposition = 'accepted') AS undecided, (SELECT toString(count()) FROM verdicts WHERE NOT settled AND subject_type = 'event') AS unsettled`

async function fingerprintOf(sql: Pipeline['sql']): Promise<Fingerprint> {
  const lines = async (query: string) => (await sql<{ line: string }>(query)).map(({ line }) => line)
  const count = async (query: string) => Number((await sql<{ n: string }>(query))[0]?.n ?? 0)
  return {
    bindings: await lines(
      `SELECT concat(brand_id, ' ', player_id, ' ', ifNull(affiliate_id, '-'), ' ', evidence, ' ', reason) AS line FROM bindings ORDER BY line`,
    ),
    receipts: await lines(
      `SELECT concat(receipt_id, ' ', event_type, ' ', external_event_id, ' ', disposition, ' ', ifNull(reason, '-')) AS line FROM receipts ORDER BY line`,
    ),
    commissions: await lines(
      `SELECT concat(brand_id, ' ', player_id, ' ', affiliate_id, ' ', component_id, ' ', currency, ' ', toString(pending), ' ', toString(held), ' ', toString(approved)) AS line
       FROM commissions WHERE pending != 0 OR held != 0 OR approved != 0 ORDER BY line`,
    ),
    verdicts: await lines(
      `SELECT concat(subject_id, ' ', decision, ' ', arrayStringConcat(arraySort(reasons), ',')) AS line FROM verdicts WHERE subject_type = 'event' ORDER BY line`,
    ),
    unbalanced: await count(`SELECT count() AS n FROM (SELECT transaction_id FROM ledger GROUP BY transaction_id, currency HAVING sum(amount) != 0)`),
    accepted: await count(`SELECT sum(quantity) AS n FROM outcomes WHERE outcome = 'accepted'`),
    explained: await count(
      `SELECT sum(quantity) AS n FROM outcomes WHERE outcome IN ('applied', 'unattributed', 'conflict', 'filtered', 'dead_lettered', 'parked', 'duplicate')`,
    ),
  }
}

async function publish(catalog: Catalog, brokers: string, namespace: string): Promise<void> {
  const store = createCatalogStore({ brokers, clientId: 'pipeline', names: createNames(namespace) })
  await store.publish(catalog)
  await store.close()
}

async function listening(ingest: () => Child | undefined): Promise<string> {
  const found = await until(
    'ingest listens',
    () => /"url":"http:\/\/[^:]+:([0-9]+)"/.exec(ingest()?.output() ?? '')?.[1] ?? null,
    (port) => port !== null,
  )
  return `http://127.0.0.1:${found}`
}
