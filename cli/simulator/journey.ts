import type { ClickClaim, EventChannel, EventMessage, EventType, Label } from './message.ts'
import type { Random } from './random.ts'
import type { Ids, Schedule } from './stage.ts'
import type { Market } from './world.ts'

/** One player and his way of reporting; hands out external ids that are never used twice. */
export type Player = {
  journey: number
  market: Market
  playerId: string | null
  /** Where the click is the player, every event names it. */
  clickRef: number | null
  integrationId: string
  label: Label | null
}

export type EventDraft = { event: EventType; atMs: number; fields: Record<string, string>; click?: ClickClaim | null; sendAtMs?: number; label?: Label | null }

const minuteMs = 60_000
const hourMs = 60 * minuteMs
export const dayMs = 24 * hourMs

/** Reports one event of a player. */
export function report(player: Player, random: Random, schedule: Schedule, draft: EventDraft): void {
  const own: ClickClaim | null = player.clickRef === null ? null : { ref: player.clickRef, change: 'none' }
  const message: EventMessage = {
    type: 'event',
    event: draft.event,
    brandId: player.market.brandId,
    integrationId: player.integrationId,
    playerId: player.playerId,
    click: player.playerId === null ? own : (draft.click ?? null),
    channel: channelOf(draft.event, random),
    timed: true,
    fields: draft.fields,
  }
  schedule({
    message,
    occurredAtMs: Math.round(draft.atMs),
    journey: player.journey,
    label: draft.label ?? player.label,
    ...(draft.sendAtMs !== undefined && { sendAtMs: draft.sendAtMs }),
  })
}

/** Postbacks for what happens once, batches for what an operator's night job sends. */
function channelOf(event: EventType, random: Random): EventChannel {
  if (event === 'revenue_reported' || event === 'trade_closed') return 'batch'
  const point = random.next()
  return point < 0.5 ? 'get' : point < 0.7 ? 'json' : point < 0.8 ? 'form' : 'batch'
}

/** Time from the click to the registration: minutes, and never below what a form takes. */
export const registrationDelayMs = (random: Random): number => (12 + random.logNormal(150, 0.9)) * 1000

/** Time from the registration to the first deposit: two kinds of people, those who came to play and those who think about it. */
export const firstDepositDelayMs = (random: Random): number => (random.chance(0.55) ? random.logNormal(18 * minuteMs, 0.8) : random.logNormal(20 * hourMs, 1.6))

/** An amount as the currency writes it; never "-0". */
export const moneyText = (amount: number, market: Market): string => amount.toFixed(market.digits).replace(/^-(0(\.0+)?)$/, '$1')

const oddAmountShare = 0.3

/** Deposits crowd at the minimum and at round sums. */
export function depositAmount(market: Market, random: Random): string {
  if (random.chance(0.22)) return moneyText(market.minDeposit, market)
  const amount = Math.max(1, random.logNormal(market.minDeposit * 2.2, 0.8))
  const step = market.minDeposit < 50 ? 5 : 50
  const whole = random.chance(oddAmountShare) ? Math.round(amount) : Math.max(step, Math.round(amount / step) * step)
  return moneyText(whole, market)
}

/** The life of an honest player after the registration: deposits, play or trades, withdrawals, now and then a chargeback. */
export function live(player: Player, random: Random, schedule: Schedule, ids: Ids, registeredMs: number): void {
  const { market } = player
  const firstMs = registeredMs + firstDepositDelayMs(random)
  const deposits = 1 + (random.chance(0.45) ? random.integer(1, 4) : 0)
  let atMs = firstMs
  for (let n = 0; n < deposits; n++) {
    const amount = depositAmount(market, random)
    const id = ids.next('dep')
    report(player, random, schedule, {
      event: 'deposit',
      atMs,
      fields: { external_event_id: id, amount, currency: market.currency, ...attributes(player, random) },
    })
    if (random.chance(0.006)) {
      const fields = { external_event_id: ids.next('cb'), refers_to: id, amount, currency: market.currency }
      report(player, random, schedule, { event: 'chargeback', atMs: atMs + random.logNormal(dayMs, 0.6), fields })
    }
    if (random.chance(0.01)) review(player, random, schedule, ids, id, atMs)
    atMs += random.logNormal(9 * hourMs, 1.2)
  }
  if (market.kind === 'broker') trade(player, random, schedule, ids, firstMs)
  else play(player, random, schedule, ids, firstMs)
  if (random.chance(0.3)) {
    const amount = depositAmount(market, random)
    report(player, random, schedule, {
      event: 'withdrawal',
      atMs: firstMs + random.logNormal(12 * hourMs, 1),
      fields: { external_event_id: ids.next('wd'), amount, currency: market.currency },
    })
  }
}

/** The operator looks at a deposit, and mostly lets it pass. */
function review(player: Player, random: Random, schedule: Schedule, ids: Ids, depositId: string, atMs: number): void {
  const heldMs = atMs + random.logNormal(10 * minuteMs, 0.5)
  const word = (status: string, whenMs: number) =>
    report(player, random, schedule, { event: 'status_change', atMs: whenMs, fields: { external_event_id: ids.next('st'), refers_to: depositId, status } })
  word('held', heldMs)
  word(random.chance(0.75) ? 'approved' : 'rejected', heldMs + random.logNormal(2 * hourMs, 0.8))
}

/** Net revenue of a day, reported while the day is running and corrected in the night. */
function play(player: Player, random: Random, schedule: Schedule, ids: Ids, firstMs: number): void {
  const days = random.integer(1, 4)
  for (let day = 0; day < days; day++) {
    const startMs = firstMs + day * dayMs + random.logNormal(25 * minuteMs, 0.7)
    const period = new Date(startMs).toISOString().slice(0, 10)
    const nightMs = Date.parse(`${period}T00:00:00Z`) + dayMs + random.integer(1, 4) * hourMs + random.integer(0, hourMs)
    let revenue = random.logNormal(player.market.minDeposit * 0.7, 0.9) * (random.chance(0.68) ? 1 : -0.8)
    const tell = (revision: number, atMs: number) =>
      report(player, random, schedule, {
        event: 'revenue_reported',
        atMs,
        fields: {
          external_event_id: ids.next('rev'),
          period,
          revision: String(revision),
          amount: moneyText(revenue, player.market),
          currency: player.market.currency,
        },
      })
    tell(1, startMs)
    if (random.chance(0.35)) {
      revenue *= 0.7 + random.next() * 0.6
      tell(2, startMs + random.logNormal(40 * minuteMs, 0.5))
    }
    if (random.chance(0.5)) {
      revenue -= player.market.minDeposit * 0.05
      tell(3, Math.max(nightMs, startMs + 3 * hourMs))
    }
  }
}

const instruments = ['EURUSD', 'GBPUSD', 'USDJPY', 'XAUUSD', 'US500', 'BTCUSD']
const accountTypes = ['standard', 'raw', 'pro']

/** Trades come in sessions. */
function trade(player: Player, random: Random, schedule: Schedule, ids: Ids, firstMs: number): void {
  const accountType = random.pick(accountTypes)
  const sessions = random.integer(1, 4)
  let atMs = firstMs
  for (let session = 0; session < sessions; session++) {
    atMs += random.logNormal(session === 0 ? 20 * minuteMs : 14 * hourMs, 0.8)
    let tradeMs = atMs
    for (let n = 1 + Math.floor(random.exponential(3)); n > 0; n--) {
      tradeMs += random.logNormal(6 * minuteMs, 1)
      const lots = (Math.max(1, Math.round(random.logNormal(20, 1))) / 100).toFixed(2)
      const fields = { external_event_id: ids.next('tr'), lots, instrument: random.pick(instruments), account_type: accountType, ...attributes(player, random) }
      report(player, random, schedule, { event: 'trade_closed', atMs: tradeMs, fields })
    }
  }
}

const attributeValues: Record<string, string[]> = {
  product: ['slots', 'live-casino', 'sports'],
  payment_method: ['card', 'bank', 'wallet'],
  platform: ['mt5', 'web', 'mobile'],
}

/** Values for the attributes that the platform declares and the simulator knows; the network declares others. */
function attributes(player: Player, random: Random): Record<string, string> {
  const known = player.market.attributes.filter((name) => attributeValues[name] !== undefined)
  if (known.length === 0 || player.playerId === null || random.chance(0.5)) return {}
  return Object.fromEntries(known.map((name) => [`attr.${name}`, random.pick(attributeValues[name] ?? [''])]))
}

export type RegistrationDraft = { atMs: number; claim: ClickClaim | null; code?: string | null; isTest?: boolean; label?: Label | null }

/** Reports that a player has registered. Half of the operators give a registration an id of its own. */
export function newRegistration(player: Player, random: Random, schedule: Schedule, ids: Ids, draft: RegistrationDraft): void {
  const fields: Record<string, string> = {}
  if (random.chance(0.5)) fields.external_event_id = ids.next('reg')
  if (draft.code) fields.promo_code = draft.code
  if (draft.isTest) fields.is_test = 'true'
  report(player, random, schedule, { event: 'registration', atMs: draft.atMs, fields, click: draft.claim, label: draft.label ?? player.label })
}
