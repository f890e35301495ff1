import type { Panel } from '../panel.ts'

export const funnel: Panel = {
  id: 'funnel',
  title: 'From click to commission',
  question: 'Of the clicks by people in the last 24 hours, how far did the traffic come?',
  kind: 'funnel',
  unit: 'count',
  sql: `
SELECT step, stage, players
FROM (
  SELECT 1 AS step, 'Clicks by people' AS stage, (SELECT toInt64(sum(clicks)) - toInt64(sum(bots)) FROM traffic_minutes WHERE minute >= now64(3) - INTERVAL 1 DAY) AS players
  UNION ALL
  SELECT 2, 'Registrations', (SELECT toInt64(uniqExact(brand_id, player_id)) FROM events WHERE event_type = 'registration' AND disposition = 'applied' AND received_at >= now64(3) - INTERVAL 1 DAY)
  UNION ALL
  SELECT 3, 'First deposit or trade', (SELECT toInt64(uniqExact(brand_id, player_id)) FROM events WHERE event_type IN ('deposit', 'trade_closed') AND disposition = 'applied' AND received_at >= now64(3) - INTERVAL 1 DAY)
  UNION ALL
  SELECT 4, 'Earning a commission', (SELECT toInt64(uniqExact(brand_id, player_id)) FROM ledger WHERE entry_type = 'accrual' AND booked_at >= now64(3) - INTERVAL 1 DAY)
)
ORDER BY step`,
  columns: [
    { name: 'stage', label: 'Stage', unit: 'text' },
    { name: 'players', label: 'Count', unit: 'count', tone: 'brand' },
  ],
  thresholds: [],
  refreshMs: 5_000,
  width: 5,
  empty: 'Nobody has clicked in the last 24 hours.',
}
