import { createHash } from 'node:crypto'
import { judgeBy, pointsOf } from './rules/registry.ts'
import type { EventSignals } from './rules/rule.ts'
import type { FraudRule } from '../../catalog/catalog.ts'
import type { AttributedEvent, Decision, Reason, SubjectType, Verdict } from '../../schemas/records.generated.ts'

const REVIEW_FROM = 40
const HOLD_FROM = 70
const REJECT_FROM = 90

/** Stable for a subject: its verdicts are revisions of one. */
export function verdictId(type: SubjectType, subjectId: string): string {
  return `vd_${createHash('sha256').update(`${type}:${subjectId}`).digest('hex').slice(0, 32)}`
}

/**
 * Combines independent suspicions: each reason leaves (1 - points/100) of the innocence that is left. Shadow reasons
 * take no part.
 */
export function scoreOf(reasons: readonly Reason[]): number {
  const innocence = reasons.filter((reason) => !reason.shadow).reduce((left, reason) => left * (1 - pointsOf(reason) / 100), 1)
  return Math.round(100 * (1 - innocence))
}

export function decisionOf(score: number): Decision {
  if (score >= REJECT_FROM) return 'reject'
  if (score >= HOLD_FROM) return 'hold'
  return score >= REVIEW_FROM ? 'review' : 'allow'
}

export type Judged = Pick<Verdict, 'decision' | 'score' | 'completeness' | 'reasons'>

/**
 * Runs the rules over the signals. Facts only add up, so what an earlier verdict about the same facts found stays
 * found when its window is gone by now.
 * @param earlier the last verdict about the same facts, if there is one
 */
export function judge(ruleSet: readonly FraudRule[], signals: EventSignals, earlier: Verdict | null, settled: boolean): Judged {
  const reasons: Reason[] = []
  let applicable = 0
  let known = 0
  const knewAll = earlier !== null && earlier.settled && earlier.completeness === 1
  for (const settings of ruleSet) {
    if (settings.mode === 'off') continue
    const { sees, reason } = judgeBy(settings, signals)
    const kept = reason ?? earlier?.reasons.find(({ rule_id }) => rule_id === settings.id) ?? null
    if (kept !== null) reasons.push(kept)
    if (settings.mode === 'shadow' || sees === 'none') continue
    applicable += 1
    if (sees === 'known' || knewAll) known += 1
  }
  reasons.sort((a, b) => pointsOf(b) - pointsOf(a) || (a.rule_id < b.rule_id ? -1 : 1))
  const completeness = applicable === 0 ? 1 : known / applicable
  const score = scoreOf(reasons)
  const decision = decisionOf(score)
  // Missing is not zero: money is not approved on what nobody could look at.
  const blind = settled && completeness < 1 && decision === 'allow'
  return { decision: blind ? 'review' : decision, score, completeness, reasons }
}

/** A verdict about an event, as it is written. */
export function eventVerdict(attributed: AttributedEvent, judged: Judged, at: { revision: number; settled: boolean; scoredAtMs: number }): Verdict {
  const { event, binding } = attributed
  return {
    verdict_id: verdictId('event', event.event_id),
    subject_type: 'event',
    subject_id: event.event_id,
    affiliate_id: binding?.affiliate_id ?? null,
    brand_id: event.brand_id,
    player_id: event.player_id,
    event_time: event.occurred_at,
    ...judged,
    revision: at.revision,
    settled: at.settled,
    scored_at: at.scoredAtMs,
    catalog_version: event.catalog_version,
  }
}

/** Whether two verdicts say the same to a reader: what was counted may grow, who is accused of what may not. */
export function saysTheSame(a: Judged, b: Judged): boolean {
  const said = (verdict: Judged) =>
    verdict.reasons
      .map((reason) => `${reason.rule_id} ${reason.shadow}`)
      .sort()
      .join()
  return a.decision === b.decision && a.score === b.score && a.completeness === b.completeness && said(a) === said(b)
}
