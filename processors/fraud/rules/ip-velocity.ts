import { type Rule, reasonOf, type RuleSettings, spanText, type Times } from './rule.ts'
import type { IpClass } from '../../../catalog/catalog.ts'
import type { Reason } from '../../../schemas/records.generated.ts'

/** Review alone: one address may be a whole network, and the count cannot tell people from machines. */
const POINTS = 55

/**
 * More clicks from one IP than its class allows.
 *
 * Observed is the largest number of clicks of the address in any window of `window_ms` that contains the click of the
 * registration, so every registration behind a flood is implicated, whether its click came first or last. Test clicks
 * do not count; robots do.
 *
 * Source of the thresholds: published rules fire above 5 clicks an hour from one address (Trcker) to 60 events a
 * minute (Voluum), and ClickCease starts at 3 in ten minutes. A fixed bound fires on nearly every honest carrier
 * address and on most office addresses (Cloudflare, "One IP address, many users", 2025: hundreds to thousands of
 * people share one), hence a bound by class of the address, and a weight that alone asks for a look and takes nothing.
 */
export const ipVelocity: Rule<'ip-velocity'> = {
  id: 'ip-velocity',
  sees: (signals) => signals.ip.state,
  judge(signals, settings) {
    if (signals.ip.state !== 'known') return null
    const { ipClass, clickedAtMs, times } = signals.ip
    return ipVelocityReason(mostClicksAround(times, clickedAtMs, settings.params.windowMs), ipClass, settings)
  },
  points: () => POINTS,
}

/** The reason for a number of clicks, or null when the class of the address allows them. */
export function ipVelocityReason(clicks: number, ipClass: IpClass, settings: RuleSettings<'ip-velocity'>): Reason | null {
  const allowed = settings.params.maxClicks[ipClass]
  if (clicks <= allowed) return null
  const { windowMs } = settings.params
  return reasonOf(settings, {
    observed: clicks,
    threshold: allowed,
    window_ms: windowMs,
    n: clicks,
    text: `${clicks} clicks came from one ${ipClass === 'unknown' ? '' : `${ipClass} `}IP address${ipClass === 'unknown' ? ' of unknown class' : ''} within ${spanText(windowMs)}; ${allowed} are allowed.`,
  })
}

/** The most clicks in any window (end - windowMs, end] that holds `atMs`. */
export function mostClicksAround(times: Times, atMs: number, windowMs: number): number {
  const near = times.filter(([time]) => time > atMs - windowMs && time < atMs + windowMs).sort((a, b) => a[0] - b[0])
  let most = 0
  let inside = 0
  let first = 0
  for (const [end, clicks] of near) {
    inside += clicks
    while (near[first] !== undefined && (near[first]?.[0] ?? 0) <= end - windowMs) inside -= near[first++]?.[1] ?? 0
    if (end >= atMs) most = Math.max(most, inside)
  }
  // A window that ends at the click itself holds everything before it, even when the click is not among the times.
  const before = near.reduce((sum, [time, clicks]) => (time <= atMs ? sum + clicks : sum), 0)
  return Math.max(most, before)
}
