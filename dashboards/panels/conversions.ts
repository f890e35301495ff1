import type { Panel } from '../panel.ts'

export const conversions: Panel = {
  id: 'conversions',
  title: 'Events by disposition',
  question: 'Do the postbacks of the operators turn into money, and what happens to the rest?',
  kind: 'timeseries',
  unit: 'count',
  // By the time of the event; it arrives at most five minutes before its own time, which bounds what is read.
  sql: `
SELECT
  toStartOfInterval(toDateTime(occurred_at, 'UTC'), INTERVAL 15 SECOND) AS time,
  countIf(disposition = 'applied') AS applied,
  countIf(disposition IN ('accepted', 'parked')) AS waiting,
  countIf(disposition = 'unattributed') AS unattributed,
  countIf(disposition IN ('conflict', 'filtered', 'dead_lettered')) AS refused
FROM events
WHERE received_at >= now('UTC') - INTERVAL 21 MINUTE
  AND occurred_at >= toStartOfInterval(now('UTC') - INTERVAL 15 MINUTE, INTERVAL 15 SECOND)
  AND occurred_at < toStartOfInterval(now('UTC') - INTERVAL 2 SECOND, INTERVAL 15 SECOND)
GROUP BY time
ORDER BY time WITH FILL
  FROM toStartOfInterval(now('UTC') - INTERVAL 15 MINUTE, INTERVAL 15 SECOND)
  TO toStartOfInterval(now('UTC') - INTERVAL 2 SECOND, INTERVAL 15 SECOND)
  STEP INTERVAL 15 SECOND`,
  columns: [
    { name: 'time', label: 'Time', unit: 'time' },
    { name: 'applied', label: 'Applied', unit: 'count', tone: 'good' },
    { name: 'waiting', label: 'Waiting', unit: 'count', tone: 'warn', help: 'accepted or parked' },
    { name: 'unattributed', label: 'Unattributed', unit: 'count', tone: 'muted' },
    { name: 'refused', label: 'Conflict, test or dead letter', unit: 'count', tone: 'bad' },
  ],
  thresholds: [],
  refreshMs: 4_000,
  width: 7,
  empty: 'No event in the last 15 minutes.',
}
