import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import type { ClickMessage, EventMessage, PlannedMessage } from './message.ts'
import { createSender, type Outcome } from './send-messages.ts'

type Seen = { method: string; url: string; headers: IncomingMessage['headers']; body: string }
type Reply = { status: number; headers?: Record<string, string>; body?: unknown }

const servers: Server[] = []
afterEach(async () => {
  for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve))
})

/** An edge that answers as it is told and remembers what it got. */
async function startEdge(reply: (seen: Seen, count: number) => Reply): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = []
  const server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      const entry: Seen = { method: request.method ?? '', url: request.url ?? '', headers: request.headers, body: Buffer.concat(parts).toString() }
      seen.push(entry)
      const { status, headers = {}, body } = reply(entry, seen.length)
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers }).end(body === undefined ? '' : JSON.stringify(body))
    })
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, seen }
}

const clickId = '0123456789abcdefghjkmnpqrstvwxyz'
const atMs = Date.UTC(2026, 0, 1)

function click(changes: Partial<ClickMessage> = {}): PlannedMessage {
  const message: ClickMessage = {
    type: 'click',
    ref: 1,
    brandId: 'casino',
    linkId: 'ann',
    channel: 'api',
    integrationId: 'platform',
    clickParam: 'cid',
    externalClickId: 'c1',
    ip: '73.1.2.3',
    userAgent: 'agent',
    referrer: null,
    subIds: { sub1: 'x' },
    affiliateClickId: null,
    uses: 1,
    ...changes,
  }
  return { message, occurredAtMs: atMs, sendAtMs: atMs, journey: 1, repeat: false, label: null }
}

function event(changes: Partial<EventMessage> = {}): PlannedMessage {
  const message: EventMessage = {
    type: 'event',
    event: 'registration',
    brandId: 'casino',
    integrationId: 'platform',
    playerId: 'p1',
    click: null,
    channel: 'get',
    timed: true,
    fields: {},
    ...changes,
  }
  return { message, occurredAtMs: atMs + 60_000, sendAtMs: atMs, journey: 1, repeat: false, label: null }
}

async function send(url: string, messages: PlannedMessage[], signal = new AbortController().signal): Promise<Outcome[]> {
  return createSender({ ingestUrl: url, secrets: { platform: 'secret' }, signal }).send(messages)
}

const acceptClicks = (seen: Seen): Reply => ({
  status: 202,
  body: { items: (JSON.parse(seen.body) as unknown[]).map((_, index) => ({ index, status: 'accepted', click_id: clickId })) },
})
const acceptEvent: Reply = { status: 200, body: { receipt_id: 'rc_1', event_id: 'ev_1', status: 'accepted' } }

test('a registration names the click id that came back for its click', async () => {
  const edge = await startEdge((seen) => (seen.url === '/v1/clicks' ? acceptClicks(seen) : acceptEvent))
  const outcomes = await send(edge.url, [click(), event({ click: { ref: 1, change: 'none' } })])
  expect(outcomes).toEqual([
    { status: 'accepted', clickId, eventId: null, player: null },
    { status: 'accepted', clickId: null, eventId: 'ev_1', player: 'casino:p1' },
  ])
  const query = new URL(edge.seen[1]?.url ?? '', edge.url).searchParams
  expect(query.get('click_id')).toBe(clickId)
  expect(query.get('occurred_at')).toBe('2026-01-01T00:01:00.000Z')
  expect(edge.seen[1]?.headers.authorization).toBe('Bearer secret')
})

test('a forged claim differs from the id that came back', async () => {
  const edge = await startEdge((seen) => (seen.url === '/v1/clicks' ? acceptClicks(seen) : acceptEvent))
  await send(edge.url, [click({ uses: 2 }), event({ click: { ref: 1, change: 'altered' } }), event({ click: { ref: 1, change: 'swapped' } })])
  const ids = edge.seen.slice(1).map((seen) => new URL(seen.url, edge.url).searchParams.get('click_id') ?? '')
  expect(ids.every((id) => id.length === clickId.length && id !== clickId)).toBe(true)
})

test('a visitor follows the link under his own address and browser, and the landing address holds the click id', async () => {
  const edge = await startEdge((seen) =>
    seen.url.startsWith('/c/') ? { status: 302, headers: { location: `https://casino.example/?cid=${clickId}` } } : acceptEvent,
  )
  const [outcome] = await send(edge.url, [click({ channel: 'redirect' }), event({ click: { ref: 1, change: 'none' } })])
  expect(outcome).toEqual({ status: 'accepted', clickId, eventId: null, player: null })
  expect([edge.seen[0]?.url, edge.seen[0]?.headers['user-agent'], edge.seen[0]?.headers['x-forwarded-for']]).toEqual(['/c/ann?sub1=x', 'agent', '73.1.2.3'])
})

test('a busy edge is asked again after the time it names', async () => {
  const edge = await startEdge((_, count) => (count === 1 ? { status: 429, headers: { 'retry-after': '1' } } : count === 2 ? { status: 503 } : acceptEvent))
  const startedMs = Date.now()
  const [outcome] = await send(edge.url, [event()])
  expect(outcome?.status).toBe('accepted')
  expect(edge.seen.length).toBe(3)
  expect(Date.now() - startedMs).toBeGreaterThanOrEqual(1000)
})

test('a refusal is told with its code and not repeated', async () => {
  const edge = await startEdge(() => ({ status: 400, body: { code: 'unknown_field' } }))
  expect(await send(edge.url, [event({ channel: 'json' })])).toEqual([{ status: 'rejected', code: 'unknown_field' }])
  expect(edge.seen.length).toBe(1)
})

test('each item of a batch has its own outcome', async () => {
  const edge = await startEdge(() => ({
    status: 202,
    body: {
      items: [
        { index: 0, status: 'rejected', error: { code: 'too_old' } },
        { index: 1, status: 'accepted', event_id: 'ev_2', receipt_id: 'rc_2' },
      ],
    },
  }))
  const other = event({ channel: 'batch', playerId: 'p2', event: 'revenue_reported', fields: { revision: '2' } })
  const outcomes = await send(edge.url, [event({ channel: 'batch' }), { ...other, journey: 2 }])
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'accepted'])
  expect((JSON.parse(edge.seen[0]?.body ?? '[]') as { revision?: unknown }[])[1]?.revision).toBe(2)
})

test('an event whose click was refused is not sent', async () => {
  const edge = await startEdge(() => ({ status: 403, body: { code: 'scope' } }))
  const outcomes = await send(edge.url, [click(), event({ click: { ref: 1, change: 'none' } })])
  expect(outcomes.map((outcome) => outcome.status)).toEqual(['rejected', 'skipped'])
  expect(edge.seen.length).toBe(1)
})

test('the events of one player arrive in their order', async () => {
  const edge = await startEdge(() => acceptEvent)
  const ids = Array.from({ length: 8 }, (_, n) => `e${n}`)
  await send(
    edge.url,
    ids.map((id) => event({ event: 'deposit', fields: { external_event_id: id } })),
  )
  expect(edge.seen.map((seen) => new URL(seen.url, edge.url).searchParams.get('external_event_id'))).toEqual(ids)
})

test('being told to stop ends the waiting at once', async () => {
  const edge = await startEdge(() => ({ status: 503, headers: { 'retry-after': '30' } }))
  const controller = new AbortController()
  setTimeout(() => controller.abort(new Error('stop')), 100)
  const startedMs = Date.now()
  await expect(send(edge.url, [event()], controller.signal)).rejects.toThrow('stop')
  expect(Date.now() - startedMs).toBeLessThan(5000)
})
