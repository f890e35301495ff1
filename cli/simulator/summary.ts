import type { PlannedMessage } from './message.ts'
import type { Outcome } from './send-messages.ts'

/** What a run has sent and what came back. */
export type SimulatorSummary = {
  sent: number
  accepted: number
  rejected: number
  /** Not acknowledged within the attempts allowed. */
  failed: number
  /** Events whose click was never acknowledged. */
  skipped: number
  repeats: number
  planted: number
  byKind: Record<string, number>
  /** Why messages were not accepted, by code. */
  problems: Record<string, number>
  interrupted: boolean
}

export const emptySummary = (): SimulatorSummary => ({
  sent: 0,
  accepted: 0,
  rejected: 0,
  failed: 0,
  skipped: 0,
  repeats: 0,
  planted: 0,
  byKind: {},
  problems: {},
  interrupted: false,
})

export function addOutcome(summary: SimulatorSummary, planned: PlannedMessage, outcome: Outcome): void {
  const kind = planned.message.type === 'click' ? 'click' : planned.message.event
  summary.sent += 1
  summary[outcome.status] += 1
  summary.repeats += planned.repeat ? 1 : 0
  summary.planted += planned.label === null ? 0 : 1
  summary.byKind[kind] = (summary.byKind[kind] ?? 0) + 1
  if (outcome.status !== 'accepted') summary.problems[outcome.code] = (summary.problems[outcome.code] ?? 0) + 1
}

/** One line while it runs. */
export const progressText = (summary: SimulatorSummary): string =>
  `${summary.sent} sent, ${summary.accepted} accepted, ${summary.rejected} rejected, ${summary.failed + summary.skipped} failed`

/** Some lines at the end. */
export function summaryText(summary: SimulatorSummary): string {
  const kinds = Object.entries(summary.byKind).sort((a, b) => b[1] - a[1])
  const problems = Object.entries(summary.problems).sort((a, b) => b[1] - a[1])
  return [
    `${progressText(summary)}${summary.interrupted ? ' (interrupted)' : ''}`,
    `of these ${summary.repeats} exact repeats and ${summary.planted} planted frauds`,
    ...kinds.map(([kind, count]) => `  ${kind.padEnd(18)}${String(count).padStart(9)}`),
    ...problems.map(([code, count]) => `  not accepted: ${code} ${count}`),
    '',
  ].join('\n')
}
