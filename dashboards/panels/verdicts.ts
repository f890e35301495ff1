import type { Panel } from '../panel.ts'

export const verdicts: Panel = {
  id: 'verdicts',
  title: 'Verdicts on events',
  question: 'Is fraud rising, and how is it decided?',
  kind: 'timeseries',
  unit: 'count',
  // By the time of the event; an event is judged at most some minutes before its own time, which bounds what is read.
  sql: `
SELECT
  toStartOfInterval(toDateTime(event_time, 'UTC'), INTERVAL 15 SECOND) AS time,
  countIf(decision = 'allow') AS allow,
  countIf(decision = 'review') AS review,
  countIf(decision = 'hold') AS hold,
  countIf(decision = 'reject') AS reject
FROM verdicts
WHERE subject_type = 'event'
  AND scored_at >= now('UTC') - INTERVAL 21 MINUTE
  AND event_time >= toStartOfInterval(now('UTC') - INTERVAL 15 MINUTE, INTERVAL 15 SECOND)
  AND event_time < toStartOfInterval(now('UTC') - INTERVAL 4 SECOND, INTERVAL 15 SECOND)
GROUP BY time
ORDER BY time WITH FILL
  FROM toStartOfInterval(now('UTC') - INTERVAL 15 MINUTE, INTERVAL 15 SECOND)
  TO toStartOfInterval(now('UTC') - INTERVAL 4 SECOND, INTERVAL 15 SECOND)
  STEP INTERVAL 15 SECOND`,
  columns: [
    { name: 'time', label: 'Time', unit: 'time' },
    { name: 'review', label: 'To review', unit: 'count', tone: 'warn' },
    { name: 'hold', label: 'Held', unit: 'count', tone: 'serious' },
    { name: 'reject', label: 'Rejected', unit: 'count', tone: 'bad' },
    { name: 'allow', label: 'Allowed', unit: 'count', tone: 'good', aside: true },
  ],
  thresholds: [],
  refreshMs: 4_000,
  width: 7,
  empty: 'No event was judged in the last 15 minutes.',
}
