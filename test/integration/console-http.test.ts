import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type ConsoleApp, type ConsoleParts, createConsole } from '../../console/app.ts'
import { createLiveFeed } from '../../console/live-feed.ts'
import { createReader } from '../../console/reader.ts'
import { panels } from '../../dashboards/panels.ts'
import { createClickHouse } from '../../runtime/clickhouse.ts'
import { createMetrics } from '../../runtime/metrics.ts'
import { clickKeysFromText, mintClickId, verifyClickId } from '../../schemas/click-id.ts'
import { storeConsoleWorld, WORLD } from '../support/console-world.ts'
import { testServices, uniqueNamespace } from '../support/services.ts'
import { createTestWarehouse, quietLog, type TestWarehouse } from '../support/warehouse.ts'

const TOKEN = 'console-token-for-tests'
const keys = clickKeysFromText('0:00112233445566778899aabbccddeeff')
const CLICKED_MS = Date.UTC(2026, 10, 20, 12, 0, 0, 7)
const signed = mintClickId(keys, { atMs: CLICKED_MS, linkNumber: 7, random26: 1 })
let warehouse: TestWarehouse
let client: ReturnType<typeof createClickHouse>
let parts: ConsoleParts
let app: ConsoleApp
let guarded: ConsoleApp

beforeAll(async () => {
  const { clickhouseUrl } = testServices()
  warehouse = await createTestWarehouse(clickhouseUrl, uniqueNamespace())
  await storeConsoleWorld(warehouse, Date.now())
  client = createClickHouse(clickhouseUrl, { database: warehouse.names.database('tributary_v1') })
  const reader = createReader(client)
  parts = {
    reader,
    feed: createLiveFeed({ reader, panels, log: quietLog }),
    registry: createMetrics('console'),
    log: quietLog,
    token: null,
    trustedProxies: [],
    verifyClick: (id) => {
      const found = verifyClickId(keys, id)
      return found === null ? null : { clickedAtMs: found.atMs, linkId: `link-${found.linkNumber}`, affiliateId: 'acme', offerId: 'welcome' }
    },
    affiliateName: (id) => (id === 'acme' ? 'Acme Media' : null),
    eventsTopic: 'player-events',
    exampleClickUrl: 'http://127.0.0.1:8080/c/acme-front',
  }
  app = await createConsole(parts)
  guarded = await createConsole({ ...parts, token: TOKEN })
})
afterAll(async () => {
  parts?.feed.close()
  await app?.close()
  await guarded?.close()
  await client?.close()
  await warehouse?.close()
})

describe('receipts', () => {
  it('tell disposition, binding, verdict, entries and the place of the first record', async () => {
    const response = await app.inject(`/v1/receipts/${WORLD.deposit}`)
    expect(response.statusCode).toBe(200)
    const receipt = response.json()
    expect(receipt).toMatchObject({
      receipt_id: WORLD.deposit,
      event_id: 'ev_2',
      integration_id: 'crm',
      event_type: 'deposit',
      external_event_id: 'd-1',
      disposition: 'applied',
      reason: null,
      final: true,
      binding: { affiliate_id: 'acme', evidence: 'click_id', reason: 'bound' },
      verdict: { subject_id: 'ev_2', decision: 'allow', settled: true, reasons: [] },
      kafka: { topic: 'player-events', partition: 4, offset: 71 },
    })
    expect(receipt.ledger_entries.map((entry: { account: string; amount: string }) => [entry.account, entry.amount])).toEqual([
      ['pending', '100'],
      ['expense', '-100'],
      ['pending', '-100'],
      ['held', '100'],
    ])
    for (const at of [receipt.occurred_at, receipt.received_at, receipt.binding.bound_at, receipt.verdict.scored_at, receipt.ledger_entries[0].booked_at]) {
      expect(at).toMatch(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/)
    }
  })

  it('of an event that waits are not final, and tell what for', async () => {
    expect((await app.inject(`/v1/receipts/${WORLD.chargeback}`)).json()).toMatchObject({
      disposition: 'parked',
      reason: 'reference_missing',
      final: false,
      verdict: null,
      ledger_entries: [],
    })
  })

  it('that nobody has are 404 as a problem', async () => {
    const response = await app.inject('/v1/receipts/rc_ffffffffffffffffffffffffffffffff')
    expect(response.statusCode).toBe(404)
    expect(response.headers['content-type']).toContain('application/problem+json')
    expect(response.json()).toMatchObject({ status: 404, code: 'not_found', field: 'receipt_id' })
  })
})

describe('players', () => {
  it('tell their binding, receipts and what they bring', async () => {
    const response = await app.inject(`/v1/players/lucky/${encodeURIComponent('p 1/ü')}`)
    expect(response.statusCode).toBe(200)
    const player = response.json()
    expect(player.binding).toMatchObject({ brand_id: 'lucky', player_id: 'p 1/ü', affiliate_id: 'acme' })
    expect(player.receipts.map((receipt: { receipt_id: string }) => receipt.receipt_id)).toEqual([WORLD.registration, WORLD.deposit, WORLD.chargeback])
    expect(player.balances).toEqual([{ affiliate_id: 'acme', currency: 'EUR', pending: '0', held: '100', approved: '0' }])
  })

  it('that nobody named are 404, of the right brand or not', async () => {
    for (const path of ['/v1/players/lucky/nobody', `/v1/players/other/${encodeURIComponent('p 1/ü')}`]) {
      const response = await app.inject(path)
      expect(response.statusCode).toBe(404)
      expect(response.json().code).toBe('not_found')
    }
  })

  it('may have an id of 200 characters of several bytes', async () => {
    expect((await app.inject(`/v1/players/lucky/${encodeURIComponent('界'.repeat(200))}`)).statusCode).toBe(404)
  })

  it('keep every digit of their money', async () => {
    const { steps } = (await app.inject(`/v1/trace/${encodeURIComponent('lucky:p 1/ü')}`)).json()
    expect(steps.map((step: { title: string }) => step.title)).toContain('Deposit 12345678901.00000001 EUR')
  })
})

describe('clicks', () => {
  it('tell what their signature says, and that no record of them is stored', async () => {
    expect((await app.inject(`/v1/clicks/${signed}`)).json()).toEqual({
      valid: true,
      clicked_at: '2026-11-20T12:00:00.007Z',
      link_id: 'link-7',
      affiliate_id: 'acme',
      offer_id: 'welcome',
      stored: false,
    })
  })

  it('that are forged, altered or nonsense are not valid, and that is all', async () => {
    const altered = `${signed.slice(0, 31)}${signed.endsWith('0') ? '1' : '0'}`
    for (const id of [altered, '0'.repeat(32), 'nonsense', encodeURIComponent("' OR 1=1 --")]) {
      const response = await app.inject(`/v1/clicks/${id}`)
      expect(response.statusCode).toBe(200)
      expect(response.json()).toEqual({ valid: false })
    }
  })
})

describe('traces', () => {
  it('tell one story whichever id they start from', async () => {
    const titles = async (id: string) => (await app.inject(`/v1/trace/${encodeURIComponent(id)}`)).json().steps.map((step: { title: string }) => step.title)
    const fromPlayer = await titles('lucky:p 1/ü')
    expect(fromPlayer).toHaveLength(4)
    expect(await titles(WORLD.registration)).toEqual(fromPlayer)
    expect(await titles('ev_2')).toEqual(fromPlayer)
  })

  it('of what is unknown are 404, of what is no id 400', async () => {
    expect((await app.inject('/v1/trace/lucky:nobody')).statusCode).toBe(404)
    expect((await app.inject('/v1/trace/ev_99')).statusCode).toBe(404)
    expect((await app.inject('/v1/trace/what')).statusCode).toBe(400)
  })
})

describe('access', () => {
  it('without a token set serves this machine alone, under its own names', async () => {
    expect((await app.inject({ url: '/v1/panels', remoteAddress: '10.0.0.9' })).statusCode).toBe(403)
    expect((await app.inject({ url: '/', remoteAddress: '10.0.0.9' })).statusCode).toBe(403)
    expect((await app.inject({ url: '/v1/panels', remoteAddress: '10.0.0.9', headers: { 'x-forwarded-for': '127.0.0.1' } })).statusCode).toBe(403)
    expect((await app.inject({ url: '/v1/panels', headers: { host: 'evil.example' } })).statusCode).toBe(403)
    expect((await app.inject('/v1/panels')).statusCode).toBe(200)
  })

  it('with a token set wants it for everything under /v1, on loopback too', async () => {
    for (const url of ['/v1/panels', '/v1/live', `/v1/receipts/${WORLD.deposit}`, '/v1/nothing', '/%761/panels']) {
      const response = await guarded.inject(url)
      expect(response.statusCode, url).toBe(401)
      expect(response.json().code).toBe('token_missing')
      expect(response.headers['www-authenticate']).toContain('Bearer')
    }
    expect((await guarded.inject({ url: '/v1/panels', headers: { authorization: 'Bearer wrong-token' } })).json().code).toBe('token_wrong')
    expect((await guarded.inject({ url: '/v1/panels', headers: { authorization: `Bearer ${TOKEN}` }, remoteAddress: '10.0.0.9' })).statusCode).toBe(200)
  })

  it('gives page and health without a token, from anywhere', async () => {
    for (const url of ['/', '/page/main.js', '/livez', '/readyz', '/metrics', '/openapi.json'])
      expect((await guarded.inject({ url, remoteAddress: '10.0.0.9' })).statusCode, url).toBe(200)
    for (const url of ['/livez', '/readyz', '/metrics', '/openapi.json'])
      expect((await app.inject({ url, remoteAddress: '10.0.0.9' })).statusCode, url).toBe(200)
  })

  it('answers another method with 405 and what is allowed', async () => {
    for (const url of ['/', '/livez', '/v1/panels', `/v1/receipts/${WORLD.deposit}`, '/v1/players/lucky/p1']) {
      const response = await app.inject({ method: 'POST', url, payload: '<x/>', headers: { 'content-type': 'text/xml' } })
      expect(response.statusCode, url).toBe(405)
      expect(response.headers.allow).toBe('GET, HEAD')
    }
    expect((await app.inject({ method: 'POST', url: '/nothing' })).statusCode).toBe(404)
  })
})

describe('page', () => {
  it('takes scripts and styles from its own origin alone, and holds none inline', async () => {
    const response = await app.inject('/')
    expect(response.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'; style-src 'self'")
    expect(response.body).not.toMatch(/https?:\/\/|<style|<script(?! type="module" src="\/)|\son\w+=|style=/)
  })

  it('every file it asks for is there', async () => {
    const seen = new Set<string>()
    const queue = ['/']
    for (let path = queue.pop(); path !== undefined; path = queue.pop()) {
      if (seen.has(path)) continue
      seen.add(path)
      const response = await app.inject(path)
      expect(response.statusCode, path).toBe(200)
      for (const [, file] of response.body.matchAll(/(?:src|href)="(\/page\/[^"]+)"/g)) queue.push(file ?? '')
      for (const [, file] of response.body.matchAll(/from '\.\/([\w.-]+)'/g)) queue.push(`/page/${file}`)
    }
    expect(seen.size).toBeGreaterThan(10)
  })

  it('tells every panel with its SQL, and where to send a first click', async () => {
    const answer = (await app.inject('/v1/panels')).json()
    expect(answer.panels.map((panel: { id: string }) => panel.id)).toEqual(panels.map((panel) => panel.id))
    expect(answer.example_click_url).toBe('http://127.0.0.1:8080/c/acme-front')
  })

  it('streams every panel and a beat', async () => {
    const url = await app.listen({ host: '127.0.0.1', port: 0 })
    const abort = new AbortController()
    const response = await fetch(`${url}/v1/live`, { signal: abort.signal })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const seen = new Set<string>()
    let text = ''
    for await (const chunk of response.body ?? []) {
      text += Buffer.from(chunk).toString()
      for (const [, id] of text.matchAll(/event: panel\ndata: \{"id":"([\w-]+)"/g)) seen.add(id ?? '')
      if (seen.size === panels.length && text.includes('event: beat')) break
    }
    abort.abort()
    expect([...seen].sort()).toEqual(panels.map(({ id }) => id).sort())
  })
})

it('is not ready when the store does not answer', async () => {
  const away = await createConsole({ ...parts, reader: { ...parts.reader, check: () => Promise.reject(new Error('refused')) } })
  expect((await away.inject('/readyz')).statusCode).toBe(503)
  expect((await away.inject('/livez')).statusCode).toBe(200)
  await away.close()
})

it('describes its look-ups as OpenAPI', async () => {
  const description = (await app.inject('/openapi.json')).json()
  expect(description.openapi).toMatch(/^3\./)
  for (const path of ['/v1/receipts/{receipt_id}', '/v1/players/{brand_id}/{player_id}', '/v1/clicks/{click_id}'])
    expect(Object.keys(description.paths)).toContain(path)
})
