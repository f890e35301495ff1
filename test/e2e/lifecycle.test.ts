import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Deployment, SECRETS, startDeployment } from '../support/deployment.ts'

/**
 * The main job, as somebody sees it who has only the addresses: traffic goes in over HTTP, bindings, verdicts, money
 * and receipts are read back over HTTP and SQL.
 */
let stack: Deployment
const receipts: Record<string, string> = {}
const startMs = Date.now() - 3_600_000
const at = (seconds: number) => new Date(startMs + seconds * 1_000).toISOString()

beforeAll(async () => {
  stack = await startDeployment({ env: { TRIBUTARY_SETTLE_MS: '500' } })
  await sendTraffic()
  await stack.wait(90)
}, 300_000)

afterAll(async () => {
  if (stack !== undefined) expect(await stack.stop()).toBe(0)
}, 60_000)

async function crm(name: string, fields: Record<string, string>): Promise<void> {
  const { status, body } = await stack.post('crm', SECRETS.CRM_SECRET, fields)
  expect(body, `${name}: ${status}`).toMatchObject({ status: 'accepted' })
  expect(status).toBe(200)
  receipts[name] = body.receipt_id ?? ''
}

async function clickOf(link: string, externalId: string, second: number, ip: string): Promise<string> {
  const response = await fetch(`${stack.ingestUrl}/v1/clicks`, {
    method: 'POST',
    headers: { authorization: `Bearer ${SECRETS.CRM_SECRET}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      external_click_id: externalId,
      link_id: link,
      occurred_at: at(second),
      ip,
      user_agent: 'Mozilla/5.0 (X11; Linux x86_64) Firefox/128.0',
    }),
  })
  expect(response.status).toBe(202)
  const { items } = (await response.json()) as { items: { status: string; click_id: string }[] }
  expect(items[0]?.status).toBe('accepted')
  return items[0]?.click_id ?? ''
}

async function sendTraffic(): Promise<void> {
  // A click, its player, two deposits, one of them told three times.
  const click = await clickOf('ann-welcome', 'c-1', 0, '198.51.100.7')
  await crm('reg', { event: 'registration', player_id: 'p1', click_id: click, occurred_at: at(60) })
  for (let i = 0; i < 3; i++)
    await crm('d1', { event: 'deposit', external_event_id: 'd1', player_id: 'p1', amount: '49.99', currency: 'USD', occurred_at: at(100) })
  await crm('d2', { event: 'deposit', external_event_id: 'd2', player_id: 'p1', amount: '50', currency: 'USD', occurred_at: at(200) })
  await crm('d1-other', { event: 'deposit', external_event_id: 'd1', player_id: 'p1', amount: '48', currency: 'USD', occurred_at: at(100) })
  await crm('euro', { event: 'deposit', external_event_id: 'd3', player_id: 'p1', amount: '900', currency: 'EUR', occurred_at: at(300) })
  await crm('rev1', {
    event: 'revenue_reported',
    external_event_id: 'r1',
    player_id: 'p1',
    amount: '100.10',
    currency: 'USD',
    period: '2026-01-01',
    revision: '1',
  })
  await crm('rev2', {
    event: 'revenue_reported',
    external_event_id: 'r2',
    player_id: 'p1',
    amount: '-8.40',
    currency: 'USD',
    period: '2026-01-01',
    revision: '2',
  })
  await crm('reg-second', { event: 'registration', external_event_id: 'again', player_id: 'p1', occurred_at: at(70) })
  await crm('test', { event: 'deposit', external_event_id: 'd9', player_id: 'p1', amount: '50', currency: 'USD', is_test: 'true' })

  // Money before the registration; an exclusive promo code against a click.
  await crm('early', { event: 'deposit', external_event_id: 'd1-p2', player_id: 'p2', amount: '20', currency: 'USD', occurred_at: at(500) })
  const other = await clickOf('ann-welcome', 'c-2', 10, '198.51.100.8')
  await crm('reg-p2', { event: 'registration', player_id: 'p2', click_id: other, promo_code: 'BOBONLY', occurred_at: at(400) })

  // Charged back in full, by a chargeback that came first.
  await crm('cb', { event: 'chargeback', external_event_id: 'cb-p3', player_id: 'p3', amount: '30', currency: 'USD', refers_to: 'd1-p3', occurred_at: at(900) })
  await crm('reg-p3', { event: 'registration', player_id: 'p3', promo_code: 'BOBONLY', occurred_at: at(400) })
  await crm('d-p3', { event: 'deposit', external_event_id: 'd1-p3', player_id: 'p3', amount: '30', currency: 'USD', occurred_at: at(500) })

  // Nobody's player, a forged click, an expired code, a chargeback without its original, a deposit without a player.
  await crm('reg-none', { event: 'registration', player_id: 'p4' })
  await crm('reg-forged', { event: 'registration', player_id: 'p5', click_id: `${click.slice(0, 31)}${click.endsWith('z') ? 'y' : 'z'}` })
  await crm('reg-old', { event: 'registration', player_id: 'p6', promo_code: 'OLD' })
  await crm('cb-missing', { event: 'chargeback', external_event_id: 'cb-p4', player_id: 'p4', amount: '30', currency: 'USD', refers_to: 'nothing' })
  await crm('orphan', { event: 'deposit', external_event_id: 'd-orphan', player_id: 'p7', amount: '30', currency: 'USD' })

  // Too fast to be a person; one external id of two players; an operator's word.
  const fast = await clickOf('bob-welcome', 'c-3', 1_000, '198.51.100.9')
  await crm('reg-fast', { event: 'registration', player_id: 'p8', click_id: fast, occurred_at: at(1_001) })
  await crm('d-fast', { event: 'deposit', external_event_id: 'd1-p8', player_id: 'p8', amount: '25', currency: 'USD', occurred_at: at(1_100) })
  for (const player of ['p9', 'p10']) {
    await crm(`reg-${player}`, { event: 'registration', player_id: player, promo_code: 'BOBONLY', occurred_at: at(400) })
    await crm(`shared-${player}`, { event: 'deposit', external_event_id: 'shared', player_id: player, amount: '25', currency: 'USD', occurred_at: at(500) })
  }
  await crm('reg-p11', { event: 'registration', player_id: 'p11', promo_code: 'BOBONLY', occurred_at: at(400) })
  await crm('d-p11', { event: 'deposit', external_event_id: 'd1-p11', player_id: 'p11', amount: '25', currency: 'USD', occurred_at: at(500) })
  await crm('word-p11', {
    event: 'status_change',
    external_event_id: 'w1-p11',
    player_id: 'p11',
    refers_to: 'd1-p11',
    status: 'rejected',
    occurred_at: at(600),
  })

  // More clicks from one address than any class allows; the player of one of them.
  const flood: string[] = []
  for (let i = 0; i < 25; i++) flood.push(await clickOf('ann-welcome', `f-${i}`, 1_200 + i, '203.0.113.99'))
  await crm('reg-flood', { event: 'registration', player_id: 'p12', click_id: flood[3] ?? '', occurred_at: at(1_400) })

  // A player who is a click, and a broker's trades.
  const { status } = await stack.post('clicker', SECRETS.CLICKER_SECRET, {
    event: 'deposit',
    external_event_id: 'k1',
    click_id: click,
    amount: '75',
    currency: 'USD',
    occurred_at: at(700),
  })
  expect(status).toBe(200)
  for (const [id, lots] of [
    ['t1', '1.5'],
    ['t2', '0.01'],
  ] as const) {
    const trade = {
      event: 'trade_closed',
      external_event_id: id,
      player_id: 'b1',
      lots,
      instrument: 'EURUSD',
      account_type: 'standard',
      occurred_at: at(2_000),
    }
    expect((await stack.post('broker', SECRETS.BROKER_SECRET, trade)).status).toBe(200)
  }
}

const dispositionOf = async (name: string) => {
  const { body } = await stack.console(`/v1/receipts/${receipts[name]}`)
  const { disposition, reason } = body as { disposition: string; reason: string | null }
  return `${disposition} ${reason ?? ''}`.trim()
}

const commissionsOf = (player: string) =>
  stack.sql<Record<string, string>>(
    `SELECT affiliate_id, component_id, pending, held, approved FROM tributary_v1.commissions
     WHERE player_id = '${player}' AND (pending != 0 OR held != 0 OR approved != 0) ORDER BY affiliate_id, component_id`,
  )

describe('what becomes of an event', () => {
  it.each([
    ['reg', 'applied'],
    ['d1', 'applied'],
    ['d1-other', 'conflict identity_conflict'],
    ['euro', 'applied currency_without_rate'],
    ['reg-second', 'conflict identity_conflict'],
    ['test', 'filtered test'],
    ['early', 'applied'],
    ['cb', 'applied'],
    ['reg-none', 'unattributed no_evidence'],
    ['reg-forged', 'unattributed click_invalid'],
    ['reg-old', 'unattributed promo_unknown'],
    ['cb-missing', 'parked reference_missing'],
    ['orphan', 'parked registration_missing'],
  ])('the receipt of %s says %s', async (name, expected) => {
    expect(await dispositionOf(name)).toBe(expected)
  })
})

describe('who gets the player', () => {
  it('is the affiliate of the click, or of an exclusive promo code against a click', async () => {
    const rows = await stack.sql<Record<string, string>>(
      `SELECT player_id, affiliate_id, evidence, reason FROM tributary_v1.bindings WHERE player_id IN ('p1', 'p2', 'p5') ORDER BY player_id`,
    )
    expect(rows).toEqual([
      { player_id: 'p1', affiliate_id: 'ann', evidence: 'click_id', reason: 'bound' },
      { player_id: 'p2', affiliate_id: 'bob', evidence: 'promo_code', reason: 'bound' },
      { player_id: 'p5', affiliate_id: null, evidence: 'none', reason: 'click_invalid' },
    ])
  })
})

describe('what it earns', () => {
  it('is CPA once on the first deposit that qualifies, and the share of the newest revision', async () => {
    expect(await commissionsOf('p1')).toEqual([
      { affiliate_id: 'ann', component_id: 'cpa', pending: '0', held: '0', approved: '100' },
      { affiliate_id: 'ann', component_id: 'share', pending: '0', held: '0', approved: '-2.1' },
    ])
  })
  it('counts money that came before the registration', async () => {
    expect(await commissionsOf('p2')).toEqual([{ affiliate_id: 'bob', component_id: 'cpa', pending: '0', held: '0', approved: '40.5' }])
  })
  it('is nothing when the deposit was charged back, or the operator rejects it', async () => {
    expect(await commissionsOf('p3')).toEqual([])
    expect(await commissionsOf('p11')).toEqual([])
  })
  it('sums to zero in every transaction of the ledger', async () => {
    expect(await stack.sql(`SELECT transaction_id FROM tributary_v1.ledger GROUP BY transaction_id, currency HAVING sum(amount) != 0`)).toEqual([])
  })
})

describe('what is suspicious', () => {
  it('is said with the rule, and the money waits', async () => {
    const reasons = await stack.sql<{ player_id: string; event: string; reasons: string[]; settled: boolean }>(
      `SELECT v.player_id AS player_id, e.event_type AS event, v.reasons AS reasons, v.settled AS settled FROM tributary_v1.verdicts AS v
       INNER JOIN tributary_v1.events AS e ON e.event_id = v.subject_id WHERE notEmpty(v.reasons) ORDER BY player_id, event`,
    )
    expect(reasons.map(({ player_id, event, reasons: rules }) => `${player_id} ${event} ${rules.join()}`)).toEqual([
      'p10 deposit duplicate-external-id',
      'p12 registration ip-velocity',
      'p5 registration invalid-click',
      'p8 registration fast-conversion',
      'p9 deposit duplicate-external-id',
    ])
    expect(reasons.every(({ settled }) => settled)).toBe(true)
    for (const player of ['p8', 'p9', 'p10']) {
      const [row] = await commissionsOf(player)
      expect(row, player).toMatchObject({ approved: '0' })
    }
  })
})

describe('the books', () => {
  it('hold every accepted record exactly once, as a disposition or a duplicate', async () => {
    const [row] = await stack.sql<{ accepted: string; settled: string }>(
      `SELECT sumIf(quantity, outcome = 'accepted') AS accepted, sumIf(quantity, outcome IN ('applied', 'unattributed', 'conflict', 'filtered', 'dead_lettered', 'parked', 'duplicate')) AS settled FROM tributary_v1.outcomes`,
    )
    expect(row?.settled).toBe(row?.accepted)
    expect(Number(row?.accepted)).toBeGreaterThan(30)
  })
  it('know nothing of an unknown receipt or player, and of a forged click only that it is', async () => {
    expect((await stack.console('/v1/receipts/rc_00000000000000000000000000000000')).status).toBe(404)
    expect((await stack.console('/v1/players/lucky/nobody')).status).toBe(404)
    expect(await stack.console(`/v1/clicks/${'0'.repeat(32)}`)).toMatchObject({ status: 200, body: { valid: false } })
  })
  it('can be told as one story', async () => {
    const { code, out } = await stack.cli('trace', 'lucky:p1')
    expect(code).toBe(0)
    expect(out).toContain('ann')
    expect((await stack.cli('trace', 'lucky:nobody')).code).toBe(1)
    expect((await stack.cli('no-such-command')).code).toBe(2)
  })
})
