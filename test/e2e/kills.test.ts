import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Deployment, isAlive, SECRETS, startDeployment } from '../support/deployment.ts'
import { until } from '../support/until.ts'

/** The whole deployment while each of its processes is killed with -9 once under load. */
let stack: Deployment
const PLAYERS = 60
const startMs = Date.now() - 7_200_000
const at = (second: number) => new Date(startMs + second * 1_000).toISOString()

beforeAll(async () => {
  stack = await startDeployment({ env: { TRIBUTARY_SETTLE_MS: '500' } })
}, 300_000)

afterAll(async () => {
  if (stack !== undefined) expect(await stack.stop()).toBe(0)
}, 60_000)

/** As a sender does it: again until somebody says that he has it. */
async function postUntilAccepted(fields: Record<string, string>): Promise<string> {
  for (;;) {
    const answer = await stack.post('crm', SECRETS.CRM_SECRET, fields).catch(() => null)
    if (answer?.status === 200) return answer.body.receipt_id ?? ''
    if (answer !== null && answer.status !== 503 && answer.status !== 429) throw new Error(`${answer.status} ${JSON.stringify(answer.body)}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

describe('a deployment whose every process is killed', () => {
  it('has each process back within ten seconds at the same address, and every answered event exactly once in its books', async () => {
    const receipts = new Set<string>()
    let sending = true
    let players = 0
    const sender = (async () => {
      while (sending || players < PLAYERS) {
        const player = `p${players++}`
        receipts.add(await postUntilAccepted({ event: 'registration', player_id: player, promo_code: 'BOBONLY', occurred_at: at(players) }))
        const deposit = { event: 'deposit', external_event_id: `d-${player}`, player_id: player, amount: '25', currency: 'USD', occurred_at: at(players + 10) }
        receipts.add(await postUntilAccepted(deposit))
        if (players % 3 === 0) receipts.add(await postUntilAccepted(deposit))
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    })()
    for (const name of Object.keys(await stack.pids())) {
      // Without its broker a processor gives up and is started again, so the process may be a new one by now.
      const pid = await until(
        `${name} runs`,
        async () => (await stack.pids())[name] ?? 0,
        (now) => now !== 0 && isAlive(now),
        10_000,
      )
      process.kill(pid, 'SIGKILL')
      const back = await until(
        `${name} is back`,
        async () => (await stack.pids())[name] ?? 0,
        (now) => now !== pid && now !== 0 && isAlive(now),
        10_000,
      )
      expect(back).not.toBe(pid)
      await new Promise((resolve) => setTimeout(resolve, 1_500))
    }
    sending = false
    await sender
    await stack.wait(120)

    const [seen] = await stack.sql<{ receipts: string; applied: string }>(
      `SELECT count() AS receipts, countIf(disposition = 'applied') AS applied FROM tributary_v1.receipts`,
    )
    expect(seen).toEqual({ receipts: String(receipts.size), applied: String(receipts.size) })
    const [money] = await stack.sql<Record<string, string>>(`SELECT currency, pending, held, approved FROM tributary_v1.balances WHERE affiliate_id = 'bob'`)
    expect(money).toEqual({ currency: 'USD', pending: '0', held: '0', approved: String(players * 40.5) })
    const unbalanced = await stack.sql(`SELECT transaction_id FROM tributary_v1.ledger GROUP BY transaction_id, currency HAVING sum(amount) != 0`)
    expect(unbalanced).toEqual([])
  }, 300_000)
})
