import type { Panel } from '../panel.ts'

export const traffic: Panel = {
  id: 'traffic',
  title: 'Clicks and bots',
  question: 'How much traffic comes in, and how much of it is known bots?',
  kind: 'timeseries',
  unit: 'per_second',
  sql: `
SELECT
  toStartOfInterval(toDateTime(occurred_at, 'UTC'), INTERVAL 5 SECOND) AS time,
  countIf(NOT is_bot) / 5 AS people,
  countIf(is_bot) / 5 AS bots
FROM clicks
WHERE occurred_at >= toStartOfInterval(now('UTC') - INTERVAL 10 MINUTE, INTERVAL 5 SECOND)
  AND occurred_at < toStartOfInterval(now('UTC') - INTERVAL 2 SECOND, INTERVAL 5 SECOND)
GROUP BY time
ORDER BY time WITH FILL
  FROM toStartOfInterval(now('UTC') - INTERVAL 10 MINUTE, INTERVAL 5 SECOND)
  TO toStartOfInterval(now('UTC') - INTERVAL 2 SECOND, INTERVAL 5 SECOND)
  STEP INTERVAL 5 SECOND`,
  columns: [
    { name: 'time', label: 'Time', unit: 'time' },
    { name: 'people', label: 'People', unit: 'per_second', tone: 'brand' },
    { name: 'bots', label: 'Known bots', unit: 'per_second', tone: 'muted' },
  ],
  thresholds: [],
  refreshMs: 2_000,
  width: 7,
  empty: 'No click in the last ten minutes.',
}
