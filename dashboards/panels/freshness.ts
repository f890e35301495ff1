import type { Panel } from '../panel.ts'

export const freshness: Panel = {
  id: 'freshness',
  title: 'Freshness',
  question: 'How old is the newest row of each stream, and what is still open in it?',
  kind: 'table',
  unit: 'seconds',
  // Milliseconds turn into seconds here; a stream without a row has no age, which is not the same as zero.
  sql: `
SELECT
  stream,
  if(newest IS NULL, NULL, greatest(0, round((toUnixTimestamp64Milli(now64(3)) - toUnixTimestamp64Milli(assumeNotNull(newest))) / 1000, 1))) AS age_seconds,
  open,
  open_means
FROM (
  SELECT 1 AS place, 'Clicks' AS stream, maxOrNull(received_at) AS newest, toUInt64(0) AS open, '' AS open_means FROM clicks WHERE occurred_at >= now64(3) - INTERVAL 1 DAY
  UNION ALL
  SELECT 2, 'Events', maxOrNull(received_at), countIf(disposition = 'accepted'), 'without a disposition yet' FROM events WHERE received_at >= now64(3) - INTERVAL 1 DAY
  UNION ALL
  SELECT 2.5, 'Parked', maxOrNull(received_at), count(), 'waiting for their registration or original' FROM events WHERE disposition = 'parked'
  UNION ALL
  SELECT 3, 'Bindings', maxOrNull(bound_at), toUInt64(0), '' FROM bindings WHERE bound_at >= now64(3) - INTERVAL 1 DAY
  UNION ALL
  SELECT 4, 'Verdicts', maxOrNull(scored_at), countIf(NOT settled), 'not settled yet' FROM verdicts WHERE scored_at >= now64(3) - INTERVAL 1 DAY
  UNION ALL
  SELECT 5, 'Ledger', maxOrNull(booked_at), toUInt64(0), '' FROM ledger WHERE booked_at >= now64(3) - INTERVAL 1 DAY
)
ORDER BY place`,
  columns: [
    { name: 'stream', label: 'Stream', unit: 'text' },
    { name: 'age_seconds', label: 'Newest row', unit: 'seconds', tone: 'brand' },
    { name: 'open', label: 'Open', unit: 'count' },
    { name: 'open_means', label: '', unit: 'text' },
  ],
  thresholds: [{ column: 'age_seconds', when: 'above', warn: 30, bad: 300 }],
  refreshMs: 2_000,
  width: 5,
  empty: 'Nothing has been written yet.',
}
