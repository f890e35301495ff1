import { connect } from 'node:net'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createLogReader } from '../../runtime/read-range.ts'
import { codecs } from '../../schemas/codec.ts'
import { partitionOf, topics } from '../../schemas/topics.ts'
import { endChildren } from '../support/child.ts'
import { createEdgeTopics, CRM_TOKEN, freePort, type IngestProcess, readTopic, startEdgeLoad, startIngestProcess } from '../support/ingest-process.ts'
import { testServices, uniqueNamespace } from '../support/services.ts'
import { until } from '../support/until.ts'

const brokers = testServices().kafkaBrokers
const namespace = uniqueNamespace()
const PRIVATE = ['203.0.113.77', 'SecretAgent/9.9', 'secret-path', CRM_TOKEN, 'jane@private.example', '198.51.100.23']
let dir: string
let ingest: IngestProcess

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tributary-ingest-'))
  await createEdgeTopics(brokers, namespace)
  ingest = await startIngestProcess({
    brokers,
    namespace,
    dataDir: dir,
    port: await freePort(),
    env: { TRIBUTARY_TRUSTED_PROXIES: '127.0.0.1/32,::ffff:127.0.0.1/128' },
  })
})
afterAll(async () => {
  endChildren()
  await rm(dir, { recursive: true, force: true })
})

const post = (path: string, body: string | Buffer | object, headers: Record<string, string> = {}) =>
  fetch(`${ingest.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${CRM_TOKEN}`, 'content-type': 'application/json', ...headers },
    body: Buffer.isBuffer(body) || typeof body === 'string' ? (body as string) : JSON.stringify(body),
  })

describe('ingest on a real broker', () => {
  it('has every answered postback in the log, in the partition of its player', async () => {
    const load = startEdgeLoad(() => ingest.url, { workers: 8, pauseMs: 1, run: 'log' })
    await new Promise((resolve) => setTimeout(resolve, 1_500))
    await load.stop()
    expect(load.refused).toEqual([])
    const events = await readTopic(brokers, namespace, 'player-events', codecs.PlayerEvent.decode)
    const inLog = new Set(events.map((event) => event.receipt_id))
    expect(load.receipts.filter((receipt) => !inLog.has(receipt))).toEqual([])
    await until(
      'every click is in the log',
      async () => {
        const clicks = new Set((await readTopic(brokers, namespace, 'clicks', codecs.Click.decode)).map((click) => click.click_id))
        return load.clickIds.filter(({ id }) => !clicks.has(id)).length
      },
      (missing) => missing === 0,
      10_000,
    )
    await expectPartitionsByKey()
  })

  it('writes counts of refusals, and lets no personal data out', async () => {
    expect((await post('/v1/events', [{ event: 'deposit' }, { event: 'deposit', email: 'jane@private.example' }])).status).toBe(202)
    await fetch(`${ingest.url}/v1/postbacks/crm?token=${CRM_TOKEN}&event=deposit&amount=jane@private.example`)
    await fetch(`${ingest.url}/c/ann-welcome?sub1=ok`, {
      redirect: 'manual',
      headers: { 'x-forwarded-for': '203.0.113.77', 'user-agent': 'SecretAgent/9.9', referer: 'https://blog.example/secret-path' },
    })
    await post('/v1/clicks', {
      external_click_id: 'x',
      link_id: 'ann-welcome',
      occurred_at: new Date().toISOString(),
      ip: '198.51.100.23',
      user_agent: 'SecretAgent/9.9',
      referrer: 'https://blog.example/secret-path',
    })
    const outcomes = await until(
      'the counts are in the log',
      () => readTopic(brokers, namespace, 'edge-outcomes', codecs.EdgeOutcome.decode),
      (found) => found.reduce((sum, outcome) => sum + outcome.quantity, 0) >= 3,
      10_000,
    )
    expect(outcomes.every((outcome) => outcome.integration_id === 'crm' && outcome.outcome === 'rejected')).toBe(true)
    const clicks = await until(
      'the clicks are in the log',
      () => readTopic(brokers, namespace, 'clicks', codecs.Click.decode),
      (found) => found.filter((click) => click.referrer_host === 'blog.example').length === 2,
      10_000,
    )
    const redirected = clicks.find((click) => click.sub_ids['sub1'] === 'ok')
    expect(redirected).toMatchObject({ ip_prefix: '203.0.113.0/24', referrer_host: 'blog.example' })
    const seen = [ingest.output(), await (await fetch(`${ingest.url}/metrics`)).text(), await rawTopics()].join('\n')
    for (const secret of PRIVATE) expect(seen).not.toContain(secret)
  })

  it('answers 431 above 16 KiB of address and headers, 413 above 4 MiB, and goes on with the connection', async () => {
    expect((await fetch(`${ingest.url}/c/ann-welcome?x=${'a'.repeat(15_000)}`, { redirect: 'manual' })).status).toBe(302)
    const large = await rawRequest(`GET /c/ann-welcome?x=${'a'.repeat(17_000)} HTTP/1.1\r\nHost: x\r\n\r\n`)
    expect(large).toMatch(/^HTTP\/1\.1 431 /)
    expect(large).toContain('application/problem+json')
    const headers = await rawRequest(`GET /livez HTTP/1.1\r\nHost: x\r\nx-long: ${'a'.repeat(17_000)}\r\n\r\n`)
    expect(headers).toMatch(/^HTTP\/1\.1 431 /)
    expect((await post('/v1/events', Buffer.alloc(4 * 1024 * 1024 + 1, 0x20))).status).toBe(413)
    const almost = JSON.stringify({ event: 'deposit' })
    expect((await post('/v1/events', almost.padEnd(4 * 1024 * 1024, ' '))).status).toBe(202)
    expect(await rawRequest('nonsense\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /)
  })

  it('ends on SIGTERM under load with 0, and everything answered is in the log or on disk', async () => {
    const place = { brokers, namespace, dataDir: join(dir, 'term'), port: await freePort() }
    const second = await startIngestProcess(place)
    const load = startEdgeLoad(() => second.url, { workers: 6, pauseMs: 1, run: 'term' })
    await new Promise((resolve) => setTimeout(resolve, 700))
    const startMs = Date.now()
    second.kill('SIGTERM')
    expect(await second.exited).toBe(0)
    expect(Date.now() - startMs).toBeLessThan(10_000)
    await load.stop()
    expect(load.refused).toEqual([])
    const events = new Set((await readTopic(brokers, namespace, 'player-events', codecs.PlayerEvent.decode)).map((event) => event.receipt_id))
    expect(load.receipts.filter((receipt) => !events.has(receipt))).toEqual([])
  })

  it('starts and answers without any broker, and keeps what it answered on disk', async () => {
    const place = { brokers: `127.0.0.1:${await freePort()}`, namespace: 'nobody', dataDir: join(dir, 'alone'), port: await freePort() }
    const alone = await startIngestProcess(place)
    expect((await fetch(`${alone.url}/readyz`)).status).toBe(200)
    expect((await fetch(`${alone.url}/c/ann-welcome`, { redirect: 'manual' })).status).toBe(302)
    const answers = await Promise.all(
      Array.from({ length: 20 }, (_, number) => fetch(`${alone.url}/v1/postbacks/crm?token=${CRM_TOKEN}&event=registration&player_id=alone-${number}`)),
    )
    expect(answers.map((answer) => answer.status)).toEqual(answers.map(() => 200))
    alone.kill('SIGTERM')
    expect(await alone.exited).toBe(0)
    // The same folder with a broker: what was kept arrives.
    const later = await startIngestProcess({ ...place, brokers, namespace: 'nobody', env: { TRIBUTARY_NAMESPACE: 'nobody' } })
    expect(Number(/^tributary_spill_records\S* (\d+)$/m.exec(await (await fetch(`${later.url}/metrics`)).text())?.[1])).toBeGreaterThanOrEqual(20)
    later.kill('SIGKILL')
  })
})

async function expectPartitionsByKey(): Promise<void> {
  const reader = await createLogReader({ brokers, clientId: 'ingest-log-test' })
  const topic = `${namespace}.player-events`
  for (let partition = 0; partition < topics['player-events'].partitions; partition++) {
    const { low, high } = await reader.watermarks(topic, partition)
    for await (const records of reader.read({ topic, partition, from: low, to: high })) {
      for (const record of records) {
        const event = codecs.PlayerEvent.decode(record.value ?? Buffer.alloc(0))
        expect(record.key?.toString()).toBe(`${event.brand_id}:${event.player_id}`)
        expect(partitionOf(record.key?.toString() ?? '', topics['player-events'].partitions)).toBe(partition)
      }
    }
  }
  await reader.close()
}

/** Everything the edge wrote, as text. */
async function rawTopics(): Promise<string> {
  const all = await Promise.all(
    (['clicks', 'player-events', 'edge-outcomes'] as const).map((name) => readTopic(brokers, namespace, name, (bytes) => bytes.toString('latin1'))),
  )
  return all.flat().join('\n')
}

function rawRequest(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(URL.parse(ingest.url)?.port), '127.0.0.1', () => socket.write(text))
    let answer = ''
    socket.on('data', (chunk: Buffer) => {
      answer += chunk.toString()
    })
    socket.once('close', () => resolve(answer))
    socket.once('error', (error) => (answer === '' ? reject(error) : resolve(answer)))
  })
}
