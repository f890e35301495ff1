import { type Rule, reasonOf } from './rule.ts'

/** Hold alone: a person cannot do it, and the registration earns money. */
const POINTS = 75
/** Clocks of two systems may differ by this much; beyond it the click does not belong to the registration at all. */
const CLOCK_TOLERANCE_MS = 300_000

/**
 * Registered sooner after the click than a person can.
 *
 * Observed is the time from the click (inside the signed click id) to the registration, in ms; the threshold is
 * `min_ms`. A time below zero within the clock tolerance counts as too fast: a click written over a registration that
 * has happened already looks like that.
 *
 * Source of the threshold: a form is not filled in under 3 s; cookie stuffing shows under 2 s (Snyder and Kanich,
 * 2016); click hijacking of installs piles up at 3 to 10 s (AppsFlyer); published floors run from 5 to 30 s (Everflow,
 * 24metrics). 3 s is the lowest of them, because one-tap sign-up exists.
 */
export const fastConversion: Rule<'fast-conversion'> = {
  id: 'fast-conversion',
  sees: (signals) => (signals.binds && signals.clickedAtMs !== null ? 'known' : 'none'),
  judge(signals, settings) {
    if (!signals.binds || signals.clickedAtMs === null) return null
    const tookMs = signals.event.occurred_at - signals.clickedAtMs
    const { minMs } = settings.params
    if (tookMs >= minMs || tookMs < -CLOCK_TOLERANCE_MS) return null
    return reasonOf(settings, {
      observed: tookMs,
      threshold: minMs,
      n: 1,
      text: `The registration came ${tookMs} ms after the click; a person needs at least ${minMs} ms.`,
    })
  },
  points: () => POINTS,
}
