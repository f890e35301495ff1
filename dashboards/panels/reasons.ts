import type { Panel } from '../panel.ts'

export const reasons: Panel = {
  id: 'reasons',
  title: 'Reasons on the rise',
  question: 'Which rules fire now, compared with the half hour before?',
  kind: 'bars',
  unit: 'count',
  sql: `
SELECT
  rule,
  countIf(event_time >= now64(3) - INTERVAL 5 MINUTE) AS recent,
  round(countIf(event_time < now64(3) - INTERVAL 5 MINUTE) / 6, 1) AS usual,
  round(recent - usual, 1) AS change
FROM (SELECT arrayJoin(reasons) AS rule, event_time FROM verdicts WHERE scored_at >= now64(3) - INTERVAL 41 MINUTE AND event_time >= now64(3) - INTERVAL 35 MINUTE AND notEmpty(reasons))
GROUP BY rule
ORDER BY recent DESC, usual DESC, rule
LIMIT 8`,
  columns: [
    { name: 'rule', label: 'Rule', unit: 'text' },
    { name: 'recent', label: 'Last 5 minutes', unit: 'count', tone: 'bad' },
    { name: 'usual', label: 'Usual', unit: 'count', tone: 'muted', help: 'Mean of 5 minutes in the half hour before' },
    { name: 'change', label: 'Change', unit: 'change' },
  ],
  thresholds: [],
  refreshMs: 4_000,
  width: 5,
  empty: 'No rule has fired in the last 35 minutes.',
}
