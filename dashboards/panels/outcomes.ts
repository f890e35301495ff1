import type { Panel } from '../panel.ts'

export const outcomes: Panel = {
  id: 'outcomes',
  title: 'Where the postbacks went',
  question: 'What became of everything that the integrations sent in the last 24 hours?',
  kind: 'table',
  unit: 'count',
  sql: `
SELECT
  integration_id AS integration,
  outcome,
  ifNull(reason, '') AS why,
  toInt64(sum(quantity)) AS records
FROM outcomes
WHERE minute >= now() - INTERVAL 1 DAY
GROUP BY integration, outcome, why
ORDER BY integration, records DESC, outcome, why
LIMIT 40`,
  columns: [
    { name: 'integration', label: 'Integration', unit: 'text' },
    { name: 'outcome', label: 'Outcome', unit: 'text' },
    { name: 'why', label: 'Reason', unit: 'text' },
    { name: 'records', label: 'Records', unit: 'count', tone: 'brand' },
  ],
  thresholds: [],
  refreshMs: 6_000,
  width: 12,
  empty: 'No integration has sent anything in the last 24 hours.',
}
