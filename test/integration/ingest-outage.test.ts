import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { codecs } from '../../schemas/codec.ts'
import { endChildren } from '../support/child.ts'
import { createEdgeTopics, freePort, type IngestProcess, readTopic, startEdgeLoad, startIngestProcess } from '../support/ingest-process.ts'
import { createPrivateBroker, type PrivateBroker } from '../support/private-broker.ts'
import { until } from '../support/until.ts'

const NAMESPACE = 'outage'
/** A killed process may lose the clicks of its last second; it still answered them with ids that attribute. */
const CLICK_LOSS_MS = 1_000

let dir: string
let broker: PrivateBroker

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tributary-outage-'))
  broker = await createPrivateBroker(join(dir, 'kafka'))
  await broker.start()
  await createEdgeTopics(broker.brokers, NAMESPACE)
})
afterAll(async () => {
  endChildren()
  await broker.kill()
  await rm(dir, { recursive: true, force: true })
})

it('keeps every answered postback and serves every redirect while the broker is frozen, ingest is killed and the broker is killed', async () => {
  const place = { brokers: broker.brokers, namespace: NAMESPACE, dataDir: join(dir, 'data'), port: await freePort() }
  let ingest = await startIngestProcess(place)
  const load = startEdgeLoad(() => ingest.url, { workers: 6, pauseMs: 5, run: NAMESPACE })
  await pause(1_000)

  broker.signal('SIGSTOP')
  await pause(3_000)
  const killedAtMs = Date.now()
  ingest.kill('SIGKILL')
  await ingest.exited
  const brokenBefore = load.broken
  ingest = await startIngestProcess(place)
  const brokenByKill = load.broken
  expect(await metric(ingest, 'tributary_spill_records')).toBeGreaterThan(0)
  load.slowestMs = 0
  await pause(1_500)
  expect(load.slowestMs).toBeLessThan(1_000)
  expect(brokenByKill).toBeGreaterThanOrEqual(brokenBefore)

  broker.signal('SIGCONT')
  await pause(1_500)
  await broker.kill()
  await pause(2_500)
  await broker.start()
  await pause(1_000)
  await load.stop()
  await until(
    'the spill is empty',
    () => metric(ingest, 'tributary_spill_records'),
    (records) => records === 0,
    60_000,
  )

  expect(load.refused).toEqual([])
  const events = await readTopic(broker.brokers, NAMESPACE, 'player-events', codecs.PlayerEvent.decode)
  const inLog = new Set(events.map((event) => event.receipt_id))
  expect(load.receipts.length).toBeGreaterThan(100)
  expect(load.receipts.filter((receipt) => !inLog.has(receipt))).toEqual([])
  const clicks = new Set((await readTopic(broker.brokers, NAMESPACE, 'clicks', codecs.Click.decode)).map((click) => click.click_id))
  const lost = load.clickIds.filter(({ id }) => !clicks.has(id))
  expect(lost.filter(({ atMs }) => atMs < killedAtMs - CLICK_LOSS_MS || atMs > killedAtMs + CLICK_LOSS_MS)).toEqual([])

  ingest.kill('SIGTERM')
  expect(await ingest.exited).toBe(0)
})

async function metric(ingest: IngestProcess, name: string): Promise<number> {
  const text = await (await fetch(`${ingest.url}/metrics`)).text()
  return Number(new RegExp(`^${name}(?:\\{[^}]*\\})? (\\S+)$`, 'm').exec(text)?.[1])
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
