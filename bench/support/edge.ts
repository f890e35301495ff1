import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKafkaAdmin, placeName } from '../../cli/pipeline/kafka-admin.ts'
import { gaugeOf } from '../../cli/pipeline/open-work.ts'
import { startThrowawayServices } from '../../cli/stack/throwaway-services.ts'
import { type TopicName, topics } from '../../schemas/topics.ts'
import { type Child, startChild } from '../../test/support/child.ts'
import { createEdgeTopics, freePort, startIngestProcess } from '../../test/support/ingest-process.ts'
import { until } from '../../test/support/until.ts'
import type { BenchCall } from './bench.ts'

/** A server under load: where it listens and whose CPU it takes. */
export type Server = { name: string; port: number; pid: number }

/** Ingest on a real broker, with nobody who reads what it writes, and a fastify that does nothing beside it. */
export type Edge = {
  ingest: Server
  noOp: Server
  brokerPid: number
  /** Records in a topic of the edge. */
  records(name: TopicName): Promise<number>
  /** The sum of a metric of ingest over its labels; 0 when it has counted nothing. */
  metric(name: string): Promise<number>
}

const NAMESPACE = 'bench'

export async function startEdge({ say, onEnd }: BenchCall): Promise<Edge> {
  say('starting a broker of its own')
  const services = await startThrowawayServices(process.env, () => {})
  onEnd(() => services.stop())
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-bench-'))
  onEnd(() => rm(dataDir, { recursive: true, force: true }))
  await createEdgeTopics(services.kafkaBrokers, NAMESPACE)
  const ingest = await startIngestProcess({ brokers: services.kafkaBrokers, namespace: NAMESPACE, dataDir, port: await freePort(), env: TRUSTING })
  onEnd(() => ended(ingest))
  const noOp = startChild('bench/no-op/main.ts', {})
  onEnd(() => ended(noOp))
  const noOpPort = await until(
    'the no-op listens',
    () => Number(/^listening ([0-9]+)$/m.exec(noOp.output())?.[1] ?? 0),
    (port) => port > 0,
  )
  return {
    ingest: { name: 'ingest', port: Number(new URL(ingest.url).port), pid: ingest.pid },
    noOp: { name: 'no-op', port: noOpPort, pid: noOp.pid },
    brokerPid: services.started.find(({ name }) => name === 'kafka')?.state().pid ?? 0,
    records: (name) => recordsIn(services.kafkaBrokers, name),
    metric: async (name) => gaugeOf(await (await fetch(`${ingest.url}/metrics`)).text(), name) ?? 0,
  }
}

/** The load names the address of each visitor, as a proxy in front of ingest does. */
const TRUSTING = { TRIBUTARY_TRUSTED_PROXIES: '127.0.0.1/32' }

async function ended(child: Child): Promise<void> {
  child.kill('SIGTERM')
  await child.exited
}

async function recordsIn(brokers: string, name: TopicName): Promise<number> {
  const admin = createKafkaAdmin(brokers)
  try {
    const places = Array.from({ length: topics[name].partitions }, (_, partition) => ({ topic: `${NAMESPACE}.${name}`, partition }))
    const latest = await admin.latest(places)
    return places.reduce((sum, place) => sum + (latest.get(placeName(place)) ?? 0), 0)
  } finally {
    await admin.close()
  }
}
