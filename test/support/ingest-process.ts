import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { createTopics } from '../../runtime/create-topics.ts'
import { createLogReader } from '../../runtime/read-range.ts'
import { topics, type TopicName } from '../../schemas/topics.ts'
import { type Child, startChild } from './child.ts'
import { until } from './until.ts'

const SECRETS = { CRM_SECRET: 'crm-secret-0001', CLICKER_SECRET: 'clicker-secret-0002', BROKER_SECRET: 'broker-secret-0003' }
const CATALOG = fileURLToPath(new URL('./catalog', import.meta.url))
const EDGE_TOPICS: TopicName[] = ['clicks', 'player-events', 'edge-outcomes']

export type IngestProcess = Child & { url: string }
export type IngestPlace = { brokers: string; namespace: string; dataDir: string; port: number; env?: Record<string, string> }

/** Starts ingest as the stack does, and waits until it answers. */
export async function startIngestProcess({ brokers, namespace, dataDir, port, env }: IngestPlace): Promise<IngestProcess> {
  const child = startChild('ingest/main.ts', {
    ...SECRETS,
    KAFKA_BROKERS: brokers,
    TRIBUTARY_NAMESPACE: namespace,
    TRIBUTARY_CATALOG: CATALOG,
    TRIBUTARY_DATA: dataDir,
    TRIBUTARY_INGEST_PORT: String(port),
    TRIBUTARY_CLICK_KEYS: '0:00112233445566778899aabbccddeeff',
    TRIBUTARY_IP_KEYS: '00112233445566778899aabbccddeeff',
    ...env,
  })
  const url = `http://127.0.0.1:${port}`
  const isAlive = () =>
    fetch(`${url}/livez`).then(
      (answer) => answer.ok,
      () => false,
    )
  await until(`ingest answers at ${url}: ${child.output()}`, isAlive, (alive) => alive, 20_000)
  return { ...child, url }
}

export async function createEdgeTopics(brokers: string, namespace: string): Promise<void> {
  const specs = EDGE_TOPICS.map((name) => ({
    name: `${namespace}.${name}`,
    partitions: topics[name].partitions,
    config: { ...topics[name].config },
  }))
  await createTopics({ brokers, topics: specs, replication: 1 })
}

/** Every value in a topic of the edge. */
export async function readTopic<T>(brokers: string, namespace: string, name: TopicName, decode: (bytes: Buffer) => T): Promise<T[]> {
  const reader = await createLogReader({ brokers, clientId: `read-${namespace}` })
  const values: T[] = []
  try {
    for (let partition = 0; partition < topics[name].partitions; partition++) {
      const topic = `${namespace}.${name}`
      const { low, high } = await reader.watermarks(topic, partition)
      for await (const records of reader.read({ topic, partition, from: low, to: high }))
        for (const record of records) values.push(decode(record.value ?? Buffer.alloc(0)))
    }
  } finally {
    await reader.close()
  }
  return values
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

export const CRM_TOKEN = SECRETS.CRM_SECRET

/** Sends clicks and deposits without a pause until it is stopped, and keeps what was answered. */
export type EdgeLoad = {
  receipts: string[]
  clickIds: { id: string; atMs: number }[]
  refused: { atMs: number; what: string }[]
  slowestMs: number
  /** Connections that broke, as they do when the process is killed. */
  broken: number
  stop(): Promise<void>
}

export function startEdgeLoad(url: () => string, options: { workers: number; pauseMs: number; run: string }): EdgeLoad {
  let running = true
  let next = 0
  const load: EdgeLoad = { receipts: [], clickIds: [], refused: [], slowestMs: 0, broken: 0, stop: async () => {} }

  async function postback(): Promise<void> {
    const number = next++
    const body = new URLSearchParams({
      token: CRM_TOKEN,
      event: 'deposit',
      player_id: `p-${number % 50}`,
      external_event_id: `${options.run}-${number}`,
      amount: '10.00',
      currency: 'EUR',
    })
    const startMs = Date.now()
    const answer = await fetch(`${url()}/v1/postbacks/crm`, { method: 'POST', body })
    const text = await answer.text()
    load.slowestMs = Math.max(load.slowestMs, Date.now() - startMs)
    if (answer.status === 200) load.receipts.push((JSON.parse(text) as { receipt_id: string }).receipt_id)
    else load.refused.push({ atMs: startMs, what: `${answer.status} ${text}` })
  }

  async function click(): Promise<void> {
    const answer = await fetch(`${url()}/c/ann-welcome?sub1=${options.run}`, { redirect: 'manual' })
    const id = URL.parse(answer.headers.get('location') ?? '')?.searchParams.get('clickid')
    if (answer.status === 302 && id) load.clickIds.push({ id, atMs: Date.now() })
    else load.refused.push({ atMs: Date.now(), what: `click ${answer.status}` })
  }

  async function work(): Promise<void> {
    while (running) {
      await Promise.all([postback(), click()]).catch(() => {
        load.broken += 1
      })
      await new Promise((resolve) => setTimeout(resolve, options.pauseMs))
    }
  }

  const workers = Array.from({ length: options.workers }, work)
  load.stop = async () => {
    running = false
    await Promise.all(workers)
  }
  return load
}
