import { Counter, Histogram, type Registry } from 'prom-client'
import type { Verdict } from '../../schemas/records.generated.ts'

/** What fraud counts about its own work. */
export type FraudMetrics = {
  eventVerdict(verdict: Verdict): void
  clickVerdict(ruleId: string): void
  unreadableClick(): void
  rechecks(count: number): void
  refill(): void
}

export function createFraudMetrics(registry: Registry): FraudMetrics {
  const registers = [registry]
  const verdicts = new Counter({
    name: 'fraud_verdicts_total',
    help: 'Verdicts about events, by decision and whether settled',
    labelNames: ['decision', 'settled'],
    registers,
  })
  const reasons = new Counter({
    name: 'fraud_reasons_total',
    help: 'Reasons given, by rule, subject and mode',
    labelNames: ['rule', 'subject', 'mode'],
    registers,
  })
  const unreadable = new Counter({ name: 'fraud_unreadable_clicks_total', help: 'Records of clicks that could not be read', registers })
  const rechecks = new Counter({ name: 'fraud_rechecks_total', help: 'Ticks written to have an event looked at again', registers })
  const refills = new Counter({ name: 'fraud_refills_total', help: 'Times the click windows were taken up again after a loss', registers })
  const lag = new Histogram({
    name: 'fraud_settle_lag_seconds',
    help: 'Time between an event and its settled verdict, in log time',
    buckets: [0.5, 1, 2, 3, 4, 5, 7.5, 10, 30, 60, 300],
    registers,
  })
  const completeness = new Histogram({
    name: 'fraud_completeness',
    help: 'Share of the facts that settled verdicts could see',
    buckets: [0, 0.25, 0.5, 0.75, 1],
    registers,
  })
  return {
    eventVerdict(verdict) {
      verdicts.inc({ decision: verdict.decision, settled: String(verdict.settled) })
      if (!verdict.settled) return
      for (const { rule_id, shadow } of verdict.reasons) reasons.inc({ rule: rule_id, subject: 'event', mode: shadow ? 'shadow' : 'live' })
      completeness.observe(verdict.completeness)
      if (verdict.revision === 2) lag.observe(Math.max(0, verdict.scored_at - verdict.event_time) / 1_000)
    },
    clickVerdict: (rule) => reasons.inc({ rule, subject: 'click', mode: 'any' }),
    unreadableClick: () => unreadable.inc(),
    rechecks: (count) => rechecks.inc(count),
    refill: () => refills.inc(),
  }
}
