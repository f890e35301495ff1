import type { EventMessage, Label } from './message.ts'
import type { Player } from './journey.ts'
import type { Random } from './random.ts'
import type { Market, MarketLink } from './world.ts'

/** Puts a message into the plan; `sendAtMs` only when it must not follow from chance. */
export type Schedule = (planned: { message: EventMessage; occurredAtMs: number; journey: number; label: Label | null; sendAtMs?: number }) => void

/** Names that no other run and no other event has. */
export type Ids = { next(kind: string): string; number(): number }

export function createIds(tag: string): Ids {
  let count = 0
  return {
    next: (kind) => `${tag}-${kind}-${(++count).toString(36)}`,
    number: () => ++count,
  }
}

export type ClickDraft = {
  market: Market
  link: MarketLink
  atMs: number
  ip: string
  userAgent: string
  journey: number
  referrer?: string | null
  subIds?: Record<string, string>
  label?: Label | null
}

/** What honest visits and planted frauds play on. */
export type Stage = {
  markets: readonly Market[]
  ids: Ids
  schedule: Schedule
  /** Plans a click and answers its name inside the plan. */
  click(draft: ClickDraft): number
}

/** A new player of a market. `clickRef` is given when the market's network reports him by click id alone. */
export function newPlayer(stage: Stage, market: Market, journey: number, options: { clickRef?: number; label?: Label } = {}): Player {
  const byClick = options.clickRef !== undefined && market.network !== null
  return {
    journey,
    market,
    playerId: byClick ? null : stage.ids.next('p'),
    clickRef: byClick ? (options.clickRef ?? null) : null,
    integrationId: byClick ? (market.network?.id ?? '') : market.platform.id,
    label: options.label ?? null,
  }
}

/** What one campaign of a fraud needs. */
export type Campaign = { stage: Stage; random: Random; startMs: number; market: Market; link: MarketLink; label: Label }

/** Plays one campaign of a fraud onto the stage. */
export type Fraud = (campaign: Campaign) => void
