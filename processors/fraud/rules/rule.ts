import type { FraudRule, FraudRuleId, IpClass } from '../../../catalog/catalog.ts'
import type { PlayerEvent, Reason } from '../../../schemas/records.generated.ts'

/** Times of clicks, ms, each with the number of clicks it stands for. */
export type Times = [atMs: number, clicks: number][]

/** `none`: nothing to look at. `unknown`: the facts are missing, which is never the same as none; `waiting` when they may still come. */
export type Missing = { state: 'none' } | { state: 'unknown'; waiting: boolean }

/** The click behind a registration and what else its IP did around it. */
export type IpSignal = Missing | { state: 'known'; ipClass: IpClass; clickedAtMs: number; times: Times }

/** Who else used the external id of this event. */
export type ExternalIdSignal = Missing | { state: 'known'; others: { occurredAtMs: number }[] }

/** What the click id that a registration claims is worth. */
export type ClaimSignal = { state: 'none' } | { state: 'valid' | 'forged' | 'unknown_link' } | { state: 'expired'; ageMs: number; windowMs: number }

/** All that the rules may look at; gathered before they run, so that a rule is a function. */
export type EventSignals = {
  event: PlayerEvent
  /** The event is the registration, or the first event of a click: the one that binds. */
  binds: boolean
  clickedAtMs: number | null
  ip: IpSignal
  externalId: ExternalIdSignal
  claim: ClaimSignal
}

export type RuleSettings<Id extends FraudRuleId> = Extract<FraudRule, { id: Id }>

export type Rule<Id extends FraudRuleId> = {
  id: Id
  /** Whether the rule has something to look at, and whether it can see it. */
  sees(signals: EventSignals): 'none' | 'known' | 'unknown'
  /** Called when it sees. Null: nothing to say. */
  judge(signals: EventSignals, settings: RuleSettings<Id>): Reason | null
  /** Weight of its reason in the score, 0 to 100. */
  points(reason: Reason): number
}

/** The part of a reason that every rule fills alike. */
export function reasonOf(settings: FraudRule, found: Pick<Reason, 'text'> & Partial<Pick<Reason, 'observed' | 'threshold' | 'window_ms' | 'n'>>): Reason {
  return {
    rule_id: settings.id,
    rule_version: settings.version,
    observed: found.observed ?? null,
    threshold: found.threshold ?? null,
    window_ms: found.window_ms ?? null,
    n: found.n ?? null,
    shadow: settings.mode === 'shadow',
    text: found.text,
  }
}

const UNITS: [string, number][] = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
]

/** 5400000 -> "1.5 hours": for the sentences of reasons. */
export function spanText(spanMs: number): string {
  const [name, sizeMs] = UNITS.find(([, size]) => Math.abs(spanMs) >= size) ?? ['millisecond', 1]
  const amount = Math.round((spanMs / sizeMs) * 10) / 10
  return `${amount} ${name}${Math.abs(amount) === 1 ? '' : 's'}`
}
