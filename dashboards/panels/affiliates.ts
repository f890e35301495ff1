import type { Panel } from '../panel.ts'

export const affiliates: Panel = {
  id: 'affiliates',
  title: 'Affiliates by quality',
  question: 'Who sends people who stay, and whose traffic is stopped? The ends of the last 24 hours.',
  kind: 'table',
  unit: 'score',
  // The best six and the worst six, since both ends want a decision.
  // Quality: share of judged events that pass (a review counts half), times the share of clicks that are no known bots.
  sql: `
SELECT affiliate, clicks, bot_percent, players, stopped_percent, earning, quality
FROM (
SELECT
  affiliate,
  t.clicks AS clicks,
  if(t.clicks = 0, NULL, round(100 * t.bots / t.clicks, 1)) AS bot_percent,
  b.players AS players,
  if(v.judged = 0, NULL, round(100 * v.stopped / v.judged, 1)) AS stopped_percent,
  c.earning AS earning,
  if(v.judged = 0, NULL, round(100 * (v.allowed + v.review / 2) / v.judged * if(t.clicks = 0, 1, 1 - t.bots / t.clicks))) AS quality,
  row_number() OVER (ORDER BY v.judged > 0 DESC, quality DESC, clicks DESC, affiliate) AS from_best,
  row_number() OVER (ORDER BY v.judged > 0 DESC, quality, clicks DESC, affiliate) AS from_worst
FROM (
  SELECT affiliate_id AS affiliate FROM traffic_minutes WHERE minute >= now() - INTERVAL 1 DAY
  UNION DISTINCT SELECT assumeNotNull(affiliate_id) FROM verdicts WHERE subject_type = 'event' AND affiliate_id IS NOT NULL AND scored_at >= now64(3) - INTERVAL 1 DAY
) AS a
LEFT JOIN (SELECT affiliate_id, sum(clicks) AS clicks, sum(bots) AS bots FROM traffic_minutes WHERE minute >= now() - INTERVAL 1 DAY GROUP BY affiliate_id) AS t ON t.affiliate_id = a.affiliate
LEFT JOIN (
  SELECT assumeNotNull(affiliate_id) AS affiliate_id, count() AS judged, countIf(decision = 'allow') AS allowed, countIf(decision = 'review') AS review,
    countIf(decision IN ('hold', 'reject')) AS stopped
  FROM verdicts WHERE subject_type = 'event' AND affiliate_id IS NOT NULL AND scored_at >= now64(3) - INTERVAL 1 DAY GROUP BY affiliate_id
) AS v ON v.affiliate_id = a.affiliate
LEFT JOIN (SELECT assumeNotNull(affiliate_id) AS affiliate_id, count() AS players FROM bindings WHERE affiliate_id IS NOT NULL AND bound_at >= now64(3) - INTERVAL 1 DAY GROUP BY affiliate_id) AS b ON b.affiliate_id = a.affiliate
LEFT JOIN (SELECT affiliate_id, uniqExact(brand_id, player_id) AS earning FROM commissions WHERE accrued > 0 GROUP BY affiliate_id) AS c ON c.affiliate_id = a.affiliate
)
WHERE from_best <= 6 OR from_worst <= 6
ORDER BY from_best`,
  columns: [
    { name: 'affiliate', label: 'Affiliate', unit: 'text', opens: 'affiliate' },
    {
      name: 'quality',
      label: 'Quality',
      unit: 'score',
      tone: 'brand',
      help: '0 to 100: the share of judged events that pass (a review counts half) times the share of clicks that are no known bots',
    },
    { name: 'clicks', label: 'Clicks', unit: 'count' },
    { name: 'bot_percent', label: 'Bots', unit: 'percent' },
    { name: 'players', label: 'Players won', unit: 'count' },
    { name: 'earning', label: 'Earning', unit: 'count', help: 'Players with a commission above zero, of all time' },
    { name: 'stopped_percent', label: 'Stopped', unit: 'percent', help: 'Share of judged events held or rejected' },
  ],
  thresholds: [
    { column: 'quality', when: 'below', warn: 80, bad: 50 },
    { column: 'stopped_percent', when: 'above', warn: 10, bad: 30 },
    { column: 'bot_percent', when: 'above', warn: 20, bad: 50 },
  ],
  refreshMs: 6_000,
  width: 7,
  empty: 'No affiliate has sent anything in the last 24 hours.',
}
