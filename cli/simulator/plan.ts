import { frauds } from './frauds/all.ts'
import type { ClickMessage, FraudKind, PlannedMessage } from './message.ts'
import { createNeighbourhood } from './networks.ts'
import { createRandom, type Random } from './random.ts'
import { type ClickDraft, createIds, type Stage } from './stage.ts'
import { createTimeQueue } from './time-queue.ts'
import { createVisitors } from './visit.ts'
import type { Market, MarketLink, World } from './world.ts'

/** The traffic of a whole affiliate programme as a list of messages in the order of sending. Pure: the same options give the same list. */

export type PlanOptions = {
  world: World
  seed: number
  /** Begins every id of the run, so that two runs never share one. */
  tag: string
  startMs: number
  /** Nothing is sent or has happened after this; null = endless. */
  endMs: number | null
  /** Honest clicks a second at a time, before the daily cycle. */
  clicksPerSecond(atMs: number): number
  /** One planted fraud for so many honest clicks. */
  clicksPerCampaign: number
  /** From this time on most clicks follow the link instead of being reported; null = never. */
  redirectsFromMs: number | null
}

const repeatShare = 0.03
const disorderShare = 0.05
const redirectShare = 0.92
/** Senders who leave the time of an event to the edge. */
const untimedShare = 0.15
const shortestDelayMs = 20_000
const longestDelayMs = 600_000
const usualLatencyMs = 1500
const dayMs = 86_400_000
/** The busiest and the quietest hour of a day, as factors of the mean. */
const cycleSwing = 0.65
const busiestHourUtc = 20

export function* planTraffic(options: PlanOptions): Generator<PlannedMessage, void, undefined> {
  const queue = createTimeQueue<PlannedMessage>()
  const { stage, forget } = createStage(options, (planned) => queue.push(planned.sendAtMs, planned))
  const honest = createRandom(options.seed, 'visits')
  const peakPerHour = options.clicksPerSecond(options.endMs ?? Number.MAX_SAFE_INTEGER) * 3600 * (1 + cycleSwing)
  const visitors = createVisitors(stage, honest, createNeighbourhood(createRandom(options.seed, 'networks'), peakPerHour), options.seed)
  const campaigns = createCampaigns(stage, options.seed)
  const arrivals = createRandom(options.seed, 'arrivals')
  let visits = 0
  let nextMs = options.startMs
  for (;;) {
    nextMs += arrivals.exponential(1000 / (options.clicksPerSecond(nextMs) * dailyFactor(nextMs)))
    const isOver = options.endMs !== null && nextMs > options.endMs
    const untilMs = isOver ? Number.POSITIVE_INFINITY : nextMs
    while ((queue.nextMs() ?? Number.POSITIVE_INFINITY) <= untilMs) {
      const next = queue.pop()
      if (next === null) break
      if (next.item.message.type === 'click') forget(next.item.message.ref)
      yield next.item
    }
    if (isOver) return
    visitors.visit(nextMs)
    visits += 1
    if (visits % options.clicksPerCampaign === 0) campaigns.start(nextMs)
  }
}

/** Fewer people at five in the morning than at eight in the evening. */
function dailyFactor(atMs: number): number {
  const hour = (atMs % dayMs) / 3_600_000
  return 1 + cycleSwing * Math.cos(((hour - busiestHourUtc) / 24) * 2 * Math.PI)
}

/** Adds what networks and queues add: latency, repeats, and messages that overtake each other. */
function createStage(options: PlanOptions, push: (planned: PlannedMessage) => void): { stage: Stage; forget(ref: number): void } {
  const noise = createRandom(options.seed, 'noise')
  const ids = createIds(options.tag)
  // Clicks that are not sent yet; who needs them counts up.
  const waiting = new Map<number, ClickMessage>()
  const fits = (atMs: number): boolean => options.endMs === null || atMs <= options.endMs
  const later = (): number => shortestDelayMs * (longestDelayMs / shortestDelayMs) ** noise.next()

  function add(planned: PlannedMessage): void {
    if (!fits(planned.sendAtMs) || !fits(planned.occurredAtMs)) return
    const { message } = planned
    if (message.type === 'event' && message.click !== null && 'ref' in message.click) {
      const click = waiting.get(message.click.ref)
      if (click === undefined) return
      click.uses += 1
    }
    push(planned)
  }

  const stage: Stage = {
    markets: options.world.markets,
    ids,
    schedule({ message, occurredAtMs, journey, label, sendAtMs }) {
      const isLate = noise.chance(disorderShare)
      const usual = occurredAtMs + noise.exponential(usualLatencyMs) + (isLate ? later() : 0)
      // Only what is reported as it happens can go without its time.
      const isNow = options.redirectsFromMs !== null && occurredAtMs >= options.redirectsFromMs && !isLate && label === null && sendAtMs === undefined
      const timed = !(isNow && noise.chance(untimedShare))
      const planned: PlannedMessage = {
        message: timed ? message : { ...message, timed },
        occurredAtMs,
        sendAtMs: Math.round(sendAtMs ?? usual),
        journey,
        repeat: false,
        label,
      }
      add(planned)
      if (noise.chance(repeatShare)) add({ ...planned, sendAtMs: Math.round(planned.sendAtMs + later()), repeat: true })
    },
    click(draft) {
      const atMs = Math.round(draft.atMs)
      const redirect = options.redirectsFromMs !== null && atMs >= options.redirectsFromMs && noise.chance(redirectShare)
      const message = clickMessage(draft, ids.number(), redirect ? 'redirect' : 'api', ids.next('c'), noise)
      if (!fits(atMs)) return message.ref
      waiting.set(message.ref, message)
      const planned: PlannedMessage = { message, occurredAtMs: atMs, sendAtMs: atMs, journey: draft.journey, repeat: false, label: draft.label ?? null }
      push(planned)
      if (!redirect && noise.chance(repeatShare)) add({ ...planned, sendAtMs: Math.round(atMs + later()), repeat: true })
      return message.ref
    },
  }
  return { stage, forget: (ref) => waiting.delete(ref) }
}

function clickMessage(draft: ClickDraft, ref: number, channel: ClickMessage['channel'], externalClickId: string, noise: Random): ClickMessage {
  return {
    type: 'click',
    ref,
    brandId: draft.market.brandId,
    linkId: draft.link.id,
    channel,
    integrationId: noise.pick(draft.market.clickReporters).id,
    clickParam: draft.link.clickParam,
    externalClickId,
    ip: draft.ip,
    userAgent: draft.userAgent,
    referrer: draft.referrer ?? null,
    subIds: draft.subIds ?? {},
    affiliateClickId: noise.chance(0.3) ? `a${externalClickId}` : null,
    uses: 0,
  }
}

/** Plants the frauds in turn, each time with another affiliate that is not among the big ones. */
function createCampaigns(stage: Stage, seed: number): { start(atMs: number): void } {
  const random = createRandom(seed, 'frauds')
  const names = Object.keys(frauds) as FraudKind[]
  let count = 0
  return {
    start(atMs) {
      const kind = names[count % names.length]
      if (kind === undefined) return
      count += 1
      const market = random.pick(stage.markets)
      frauds[kind]({ stage, random, startMs: atMs, market, link: smallAffiliateLink(market, random), label: { kind, campaign: count } })
    },
  }
}

function smallAffiliateLink(market: Market, random: Random): MarketLink {
  return random.pick(market.links.slice(Math.floor(market.links.length / 2)))
}
