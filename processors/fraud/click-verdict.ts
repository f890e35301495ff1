import { ipVelocityReason } from './rules/ip-velocity.ts'
import type { RuleSettings } from './rules/rule.ts'
import type { Counted } from './windows.ts'
import { decisionOf, scoreOf, verdictId } from './verdict.ts'
import type { Click, Verdict } from '../../schemas/records.generated.ts'

/**
 * The verdict about a click, or null when no rule has anything to say. It counts the window that ends at the click, as
 * far as its clicks had arrived; it moves no money, so it is settled at once and never revised.
 */
export function clickVerdict(click: Click, counted: Counted, settings: RuleSettings<'ip-velocity'>, scoredAtMs: number): Verdict | null {
  if (settings.mode === 'off') return null
  const reason = ipVelocityReason(counted.clicks, click.ip_class, settings)
  if (reason === null) return null
  const score = scoreOf([reason])
  return {
    verdict_id: verdictId('click', click.click_id),
    subject_type: 'click',
    subject_id: click.click_id,
    affiliate_id: click.affiliate_id,
    brand_id: click.brand_id,
    player_id: null,
    event_time: click.occurred_at,
    decision: decisionOf(score),
    score,
    revision: 1,
    settled: true,
    completeness: counted.completeSinceMs <= click.occurred_at - settings.params.windowMs ? 1 : 0,
    scored_at: scoredAtMs,
    reasons: [reason],
    catalog_version: click.catalog_version,
  }
}
