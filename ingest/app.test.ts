import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { BROKER, createTestIngest, CRM, NETWORK, NOW_MS, TRACKER, type TestIngest } from '../test/support/ingest-app.ts'
import { verifyClickId } from '../schemas/click-id.ts'

const DEPOSIT = { event: 'deposit', external_event_id: 'd-1', player_id: 'p-1', amount: '10.50', currency: 'EUR' }
const bearer = (secret: string) => ({ authorization: `Bearer ${secret}` })
const json = { 'content-type': 'application/json' }
const form = { 'content-type': 'application/x-www-form-urlencoded' }

function postback(ingest: TestIngest, fields: Record<string, string>, integration = 'crm', secret = CRM) {
  return ingest.app.inject({ method: 'GET', url: `/v1/postbacks/${integration}?${new URLSearchParams(fields)}`, headers: bearer(secret) })
}

function events(ingest: TestIngest, body: unknown, secret = CRM) {
  return ingest.app.inject({
    method: 'POST',
    url: '/v1/events',
    headers: { ...bearer(secret), ...json },
    payload: typeof body === 'string' ? body : JSON.stringify(body),
  })
}

function clicks(ingest: TestIngest, body: unknown, secret = CRM) {
  return ingest.app.inject({ method: 'POST', url: '/v1/clicks', headers: { ...bearer(secret), ...json }, payload: JSON.stringify(body) })
}

const CLICK = {
  external_click_id: 'x-1',
  link_id: 'ann-welcome',
  occurred_at: new Date(NOW_MS - 1000).toISOString(),
  ip: '203.0.113.9',
  user_agent: 'Mozilla/5.0',
}

describe('a redirect', () => {
  test('answers 302 with a signed click id before the fragment of the landing page', async () => {
    const ingest = await createTestIngest()
    const answer = await ingest.app.inject({
      url: '/c/ann-welcome?sub1=a&campaign=b&affiliate_click_id=aff-7',
      headers: { 'user-agent': 'Mozilla/5.0', referer: 'https://blog.example/secret/path?q=1' },
    })
    expect(answer.statusCode).toBe(302)
    expect(answer.headers['cache-control']).toBe('no-store')
    const [, clickId = ''] = /^https:\/\/lucky\.example\/welcome\?lang=en&clickid=([0-9a-z]{32})#top$/.exec(String(answer.headers.location)) ?? []
    expect(verifyClickId(ingest.context.clickKeys, clickId)).toEqual({ atMs: NOW_MS, linkNumber: 5, keyId: 0 })
    const [click] = ingest.clicks()
    expect(click).toMatchObject({
      click_id: clickId,
      link_id: 'ann-welcome',
      affiliate_id: 'ann',
      source: 'redirect',
      affiliate_click_id: 'aff-7',
      sub_ids: { sub1: 'a', campaign: 'b' },
      referrer_host: 'blog.example',
      ip_prefix: '127.0.0.0/24',
    })
  })

  test('of HEAD is the same and stores nothing', async () => {
    const ingest = await createTestIngest()
    const answer = await ingest.app.inject({ method: 'HEAD', url: '/c/ann-welcome' })
    expect(answer.statusCode).toBe(302)
    expect(answer.headers.location).toContain('clickid=')
    expect(ingest.stored).toEqual([])
  })

  test('goes to an allowed url, and to the landing page for any other', async () => {
    const { app } = await createTestIngest()
    const locationOf = async (url: string) => String((await app.inject({ url: `/c/ann-welcome?url=${encodeURIComponent(url)}` })).headers.location)
    expect(await locationOf('https://promo.lucky.example/x?a=1#f')).toMatch(/^https:\/\/promo\.lucky\.example\/x\?a=1&clickid=[0-9a-z]{32}#f$/)
    expect(await locationOf('https://evil.example/')).toMatch(/^https:\/\/lucky\.example\/welcome/)
  })

  test('to an unknown link, to a broken name and to a very long one is 404', async () => {
    const { app } = await createTestIngest()
    for (const id of ['nope', '%zz', 'a'.repeat(5_000)]) {
      const answer = await app.inject({ url: `/c/${id}` })
      expect(answer.statusCode).toBe(404)
      expect(answer.headers['content-type']).toBe('application/problem+json')
    }
  })

  test('keeps names that are special to JavaScript as plain names', async () => {
    const ingest = await createTestIngest()
    await ingest.app.inject({ url: '/c/ann-welcome?__proto__=a&constructor=b' })
    expect(Object.entries(ingest.clicks()[0]?.sub_ids ?? {})).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
    ])
  })

  test('believes X-Forwarded-For only from a trusted proxy', async () => {
    const headers = { 'x-forwarded-for': '198.51.100.1, 203.0.113.77' }
    const untrusting = await createTestIngest()
    await untrusting.app.inject({ url: '/c/ann-welcome', headers })
    expect(untrusting.clicks()[0]?.ip_prefix).toBe('127.0.0.0/24')
    const trusting = await createTestIngest({ proxies: ['127.0.0.0/8'] })
    await trusting.app.inject({ url: '/c/ann-welcome', headers })
    expect(trusting.clicks()[0]?.ip_prefix).toBe('203.0.113.0/24')
  })
})

describe('a postback', () => {
  test('by query, form and JSON gets the same receipt for the same content', async () => {
    const ingest = await createTestIngest()
    const url = '/v1/postbacks/crm'
    const answers = [
      await postback(ingest, DEPOSIT),
      await ingest.app.inject({ method: 'POST', url, headers: form, payload: new URLSearchParams({ ...DEPOSIT, token: CRM }).toString() }),
      await ingest.app.inject({
        method: 'POST',
        url,
        headers: { ...json, ...bearer(CRM) },
        payload: JSON.stringify({ ...DEPOSIT, amount: '10.5' }),
      }),
      await ingest.app.inject({
        method: 'POST',
        url: `${url}?token=${CRM}&player_id=p-1&event=deposit`,
        headers: form,
        payload: 'event_id=d-1&amount=10.50&currency=EUR',
      }),
      await ingest.app.inject({ method: 'POST', url: `${url}?${new URLSearchParams({ ...DEPOSIT, token: CRM })}` }),
    ]
    expect(answers.map((answer) => answer.statusCode)).toEqual([200, 200, 200, 200, 200])
    expect(new Set(answers.map((answer) => answer.body)).size).toBe(1)
    expect(answers[0]?.json()).toEqual({
      receipt_id: expect.stringMatching(/^rc_/),
      event_id: expect.stringMatching(/^ev_/),
      status: 'accepted',
    })
    expect(ingest.events()[0]).toMatchObject({
      brand_id: 'lucky',
      player_id: 'p-1',
      integration_id: 'crm',
      event_type: 'deposit',
      external_event_id: 'd-1',
      amount: 1_050_000_000n,
      currency: 'EUR',
      occurred_at: NOW_MS,
      received_at: NOW_MS,
      catalog_version: 'catalog-1',
    })
    expect(ingest.stored[0]?.key).toBe('lucky:p-1')
  })

  test('with the click as its subject names the player by the click', async () => {
    const ingest = await createTestIngest()
    const answer = await postback(ingest, { event: 'registration', click_id: 'abc' }, 'network', NETWORK)
    expect(answer.statusCode).toBe(200)
    expect(ingest.events()[0]).toMatchObject({ player_id: 'click~abc', click_id: 'abc' })
  })

  test('is refused in the order 404, 401, 403, 413, 415, 400', async () => {
    const { app } = await createTestIngest()
    const post = async (path: string, headers: Record<string, string>, payload: string | Buffer) => {
      const answer = await app.inject({ method: 'POST', url: path, headers, payload })
      expect(answer.headers['content-type']).toBe('application/problem+json')
      expect(answer.json()).toMatchObject({
        status: answer.statusCode,
        code: expect.any(String),
        detail: expect.any(String),
        title: expect.any(String),
        type: expect.any(String),
      })
      return answer.statusCode
    }
    const huge = Buffer.alloc(4 * 1024 * 1024 + 1, 0x20)
    const odd = { 'content-type': 'text/plain' }
    expect(await post('/v1/postbacks/nobody', odd, huge)).toBe(404)
    expect(await post('/v1/postbacks/crm', odd, huge)).toBe(401)
    expect(await post('/v1/postbacks/crm', { ...odd, ...bearer('wrong') }, huge)).toBe(401)
    expect(await post('/v1/postbacks/crm', { ...odd, ...bearer(BROKER) }, huge)).toBe(401)
    expect(await post('/v1/postbacks/tracker', { ...odd, ...bearer(TRACKER) }, huge)).toBe(403)
    expect(await post('/v1/postbacks/crm', { ...odd, ...bearer(CRM) }, huge)).toBe(413)
    expect(await post('/v1/postbacks/crm', { ...odd, ...bearer(CRM) }, '{')).toBe(415)
    expect(await post('/v1/postbacks/crm', { 'content-type': ';;;', ...bearer(CRM) }, '{')).toBe(415)
    expect(await post('/v1/postbacks/crm', { ...json, 'content-encoding': 'br', ...bearer(CRM) }, '{')).toBe(415)
    expect(await post('/v1/postbacks/crm', { ...json, ...bearer(CRM) }, '{')).toBe(400)
    expect(await post('/v1/postbacks/crm', { ...json, ...bearer(CRM) }, '[]')).toBe(400)
  })

  test('with a name given twice is 400, in the query, in a form, in JSON and across them', async () => {
    const { app } = await createTestIngest()
    const query = new URLSearchParams(DEPOSIT).toString()
    const url = '/v1/postbacks/crm'
    const bodies = [
      await app.inject({ url: `${url}?${query}&amount=1`, headers: bearer(CRM) }),
      await app.inject({ url: `${url}?${query}&event_id=d-1`, headers: bearer(CRM) }),
      await app.inject({ method: 'POST', url, headers: { ...form, ...bearer(CRM) }, payload: `${query}&player_id=p-1` }),
      await app.inject({
        method: 'POST',
        url,
        headers: { ...json, ...bearer(CRM) },
        payload: JSON.stringify(DEPOSIT).replace('}', ',"player_id":"p-1"}'),
      }),
      await app.inject({
        method: 'POST',
        url: `${url}?event=deposit`,
        headers: { ...json, ...bearer(CRM) },
        payload: JSON.stringify(DEPOSIT),
      }),
    ]
    expect(bodies.map((answer) => [answer.statusCode, answer.json<{ code: string }>().code])).toEqual(bodies.map(() => [400, 'repeated_field']))
  })

  test('with an unknown name is 400 unless the integration ignores it', async () => {
    const ingest = await createTestIngest()
    expect((await postback(ingest, { ...DEPOSIT, bar: '1' })).json()).toMatchObject({
      status: 400,
      code: 'unknown_field',
      field: 'bar',
      fix: expect.any(String),
    })
    expect((await postback(ingest, { ...DEPOSIT, foo: '1', 'attr.campaign': 'spring' })).statusCode).toBe(200)
    expect(ingest.events()[0]?.attributes).toEqual({ campaign: 'spring' })
  })

  test('that refuses personal data repeats none of it, in no answer and no log line', async () => {
    const ingest = await createTestIngest()
    for (const fields of [
      { email: 'jane@private.example' },
      { 'attr.phone': 'jane@private.example' },
      { account_id: 'jane@private.example' },
      { occurred_at: 'jane@private.example' },
    ]) {
      const answer = await postback(ingest, { ...DEPOSIT, ...fields })
      expect(answer.statusCode).toBe(400)
      expect(answer.body).not.toContain('jane')
    }
    expect((await postback(ingest, DEPOSIT, 'crm', 'jane@private.example')).body).not.toContain('jane')
    expect(ingest.logged.join()).not.toContain('jane')
    expect(JSON.stringify(ingest.outcomes.take())).not.toContain('jane')
    expect(await ingest.context.registry.metrics()).not.toContain('jane')
  })

  test('is 503 with Retry-After when nothing can keep it, and 429 when its integration has too much under way', async () => {
    const ingest = await createTestIngest()
    ingest.lane.failure = 'full'
    const away = await postback(ingest, DEPOSIT)
    expect([away.statusCode, away.headers['retry-after']]).toEqual([503, '2'])
    expect((await ingest.app.inject('/readyz')).statusCode).toBe(503)
    const narrow = await createTestIngest({ perIntegrationMax: 0 })
    const much = await postback(narrow, DEPOSIT)
    expect([much.statusCode, much.headers['retry-after']]).toEqual([429, '1'])
    expect(ingest.outcomes.take()).toMatchObject([{ integration_id: 'crm', outcome: 'unavailable', reason: 'spill_full', quantity: 1 }])
    expect(narrow.outcomes.take()).toMatchObject([{ integration_id: 'crm', outcome: 'limited', quantity: 1 }])
  })

  test('counts as rejected for the integration only when its sender is proven', async () => {
    const ingest = await createTestIngest()
    await postback(ingest, { ...DEPOSIT, amount: '-1' })
    await postback(ingest, { ...DEPOSIT, amount: '-2' })
    await postback(ingest, DEPOSIT, 'crm', 'wrong')
    await postback(ingest, DEPOSIT, 'nobody')
    expect(ingest.outcomes.take()).toMatchObject([{ integration_id: 'crm', outcome: 'rejected', reason: 'not_positive', quantity: 2, minute: NOW_MS }])
    expect(ingest.outcomes.take()).toEqual([])
  })
})

describe('a batch of events', () => {
  test('is 202 and tells each item its own fate', async () => {
    const ingest = await createTestIngest()
    const answer = await events(ingest, [DEPOSIT, { ...DEPOSIT, amount: 10.5 }, 7, { ...DEPOSIT, token: CRM }])
    expect(answer.statusCode).toBe(202)
    expect(answer.json<{ items: unknown[] }>().items).toMatchObject([
      { index: 0, status: 'accepted', receipt_id: expect.any(String), event_id: expect.any(String) },
      { index: 1, status: 'rejected', error: { code: 'invalid_type', field: 'amount', fix: expect.any(String) } },
      { index: 2, status: 'rejected', error: { code: 'invalid_shape' } },
      { index: 3, status: 'rejected', error: { code: 'unknown_field', field: 'token' } },
    ])
    expect(ingest.events()).toHaveLength(1)
    expect(ingest.outcomes.take().reduce((sum, outcome) => sum + outcome.quantity, 0)).toBe(3)
  })

  test('may be one object, and has the receipt that a postback has', async () => {
    const ingest = await createTestIngest()
    const [item] = (await events(ingest, DEPOSIT)).json<{ items: { receipt_id: string }[] }>().items
    expect(item?.receipt_id).toBe((await postback(ingest, DEPOSIT)).json<{ receipt_id: string }>().receipt_id)
  })

  test('of another shape is 400: nothing, too many, a word, no JSON', async () => {
    const ingest = await createTestIngest()
    for (const body of ['[]', JSON.stringify(Array.from({ length: 1001 }, () => DEPOSIT)), '"x"', 'null', '', '{"a":1']) {
      expect((await events(ingest, body)).statusCode).toBe(400)
    }
    expect(
      (
        await events(
          ingest,
          Array.from({ length: 1000 }, () => DEPOSIT),
        )
      ).statusCode,
    ).toBe(202)
  })

  test('is taken with gzip, up to 4 MiB after it', async () => {
    const { app } = await createTestIngest()
    const post = (payload: Buffer) =>
      app.inject({ method: 'POST', url: '/v1/events', headers: { ...bearer(CRM), ...json, 'content-encoding': 'gzip' }, payload })
    expect((await post(gzipSync(JSON.stringify(DEPOSIT)))).statusCode).toBe(202)
    expect((await post(gzipSync(Buffer.alloc(4 * 1024 * 1024 + 1, 0x20)))).statusCode).toBe(413)
    expect((await post(Buffer.from('no gzip'))).statusCode).toBe(400)
  })

  test('needs a Bearer token with the scope', async () => {
    const ingest = await createTestIngest()
    expect((await events(ingest, DEPOSIT, 'wrong')).statusCode).toBe(401)
    expect((await events(ingest, DEPOSIT, TRACKER)).statusCode).toBe(403)
    expect((await ingest.app.inject({ method: 'POST', url: `/v1/events?token=${CRM}`, headers: json, payload: JSON.stringify(DEPOSIT) })).statusCode).toBe(401)
  })

  test('is 503 as a whole when its accepted items cannot be kept', async () => {
    const ingest = await createTestIngest()
    ingest.lane.failure = 'disk'
    const answer = await events(ingest, [DEPOSIT, 7])
    expect([answer.statusCode, answer.headers['retry-after']]).toEqual([503, '2'])
    expect(ingest.outcomes.take()).toMatchObject([{ outcome: 'unavailable', quantity: 2 }])
  })
})

describe('clicks sent by API', () => {
  test('get the same id for the same content, and another for another', async () => {
    const ingest = await createTestIngest()
    const idOf = async (body: object) => (await clicks(ingest, body)).json<{ items: { click_id: string }[] }>().items[0]?.click_id ?? ''
    const id = await idOf(CLICK)
    expect(verifyClickId(ingest.context.clickKeys, id)).toMatchObject({ atMs: NOW_MS - 1000, linkNumber: 5 })
    expect(await idOf({ ...CLICK })).toBe(id)
    expect(await idOf({ ...CLICK, external_click_id: 'x-2' })).not.toBe(id)
    expect(await idOf({ ...CLICK, sub_ids: { sub1: 'a' } })).not.toBe(id)
    expect(ingest.clicks()[0]).toMatchObject({
      click_id: id,
      source: 'api',
      external_click_id: 'x-1',
      ip_prefix: '203.0.113.0/24',
      is_test: false,
    })
    expect(ingest.outcomes.take()).toEqual([])
  })

  test('with a promo code belong to the link of its owner with the lowest number, or are rejected', async () => {
    const ingest = await createTestIngest()
    const { link_id: _, ...noLink } = CLICK
    const answer = await clicks(ingest, [
      { ...noLink, promo_code: 'ANN10' },
      { ...noLink, promo_code: 'BOB10' },
      { ...noLink, promo_code: 'OLD' },
      noLink,
      { ...CLICK, promo_code: 'ANN10' },
      { ...CLICK, link_id: 'bob-trade' },
    ])
    expect(ingest.clicks().map((click) => click.link_id)).toEqual(['ann-first'])
    expect(answer.json<{ items: { error?: { code: string } }[] }>().items.map((item) => item.error?.code)).toEqual([
      undefined,
      'promo_code_without_link',
      'unknown_promo_code',
      'missing_field',
      'field_not_allowed',
      'unknown_link',
    ])
  })

  test('are refused item by item for each field that is wrong', async () => {
    const ingest = await createTestIngest()
    const wrong: [object, string][] = [
      [{ ip: 'not an address' }, 'ip'],
      [{ ip: 'fe80::1%eth0' }, 'ip'],
      [{ occurred_at: '2026-06-15 12:00:00' }, 'occurred_at'],
      [{ occurred_at: new Date(NOW_MS + 301_000).toISOString() }, 'occurred_at'],
      [{ external_click_id: '' }, 'external_click_id'],
      [{ external_click_id: 'x'.repeat(201) }, 'external_click_id'],
      [{ user_agent: 7 }, 'user_agent'],
      [{ sub_ids: { a: 1 } }, 'sub_ids'],
      [{ sub_ids: [] }, 'sub_ids'],
      [{ is_test: 'yes' }, 'is_test'],
      [{ affiliate_click_id: 'a\u0000b' }, 'affiliate_click_id'],
      [{ player_id: 'p' }, 'player_id'],
    ]
    const { items } = (
      await clicks(
        ingest,
        wrong.map(([more]) => ({ ...CLICK, ...more })),
      )
    ).json<{ items: { status: string; error?: { field: string } }[] }>()
    expect(items.map((item) => item.error?.field)).toEqual(wrong.map(([, field]) => field))
  })

  test('need the scope clicks', async () => {
    const ingest = await createTestIngest()
    expect((await clicks(ingest, CLICK, NETWORK)).statusCode).toBe(403)
    expect((await clicks(ingest, CLICK, TRACKER)).statusCode).toBe(202)
  })
})

describe('an address', () => {
  test('with a method that it does not take is 405 with Allow', async () => {
    const { app } = await createTestIngest()
    const cases = [
      ['POST', '/c/ann-welcome', 'GET, HEAD'],
      ['GET', '/v1/events', 'POST'],
      ['PUT', '/v1/clicks', 'POST'],
      ['DELETE', '/v1/postbacks/crm', 'GET, POST'],
      ['HEAD', '/v1/postbacks/crm', 'GET, POST'],
      ['POST', '/readyz', 'GET, HEAD'],
    ] as const
    for (const [method, url, allow] of cases) {
      const answer = await app.inject({
        method,
        url,
        headers: { 'content-type': 'nonsense' },
        ...(method === 'POST' || method === 'PUT' ? { payload: 'x' } : {}),
      })
      expect([method, url, answer.statusCode, answer.headers.allow]).toEqual([method, url, 405, allow])
    }
  })

  test('that does not exist is 404 with a problem', async () => {
    const { app } = await createTestIngest()
    expect((await app.inject('/nowhere')).json()).toMatchObject({ status: 404, code: 'not_found' })
  })

  test('of health, metrics and description needs no token', async () => {
    const { app } = await createTestIngest()
    for (const url of ['/livez', '/readyz', '/metrics', '/openapi.json']) expect((await app.inject(url)).statusCode).toBe(200)
  })
})
