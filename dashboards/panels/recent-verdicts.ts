import type { Panel } from '../panel.ts'

export const recentVerdicts: Panel = {
  id: 'recent-verdicts',
  title: 'Latest suspicions, and why',
  question: 'What was not simply allowed, and for which reason?',
  kind: 'feed',
  unit: 'text',
  sql: `
SELECT
  v.scored_at AS time,
  v.decision AS decision,
  v.score AS score,
  v.settled AS settled,
  v.subject_type AS subject_type,
  v.subject_id AS subject,
  ifNull(v.affiliate_id, '') AS affiliate,
  r.why AS why
FROM (SELECT * FROM verdicts WHERE decision != 'allow' AND scored_at >= now64(3) - INTERVAL 1 HOUR ORDER BY scored_at DESC, verdict_id LIMIT 8) AS v
LEFT JOIN (
  SELECT verdict_id, revision, arrayStringConcat(groupArray(text), '; ') AS why
  FROM verdict_reasons
  WHERE NOT shadow AND verdict_id IN (SELECT verdict_id FROM verdicts WHERE decision != 'allow' AND scored_at >= now64(3) - INTERVAL 1 HOUR ORDER BY scored_at DESC, verdict_id LIMIT 8)
  GROUP BY verdict_id, revision
) AS r ON r.verdict_id = v.verdict_id AND r.revision = v.revision
ORDER BY time DESC, subject`,
  columns: [
    { name: 'time', label: 'Judged', unit: 'time' },
    { name: 'decision', label: 'Decision', unit: 'text' },
    { name: 'score', label: 'Score', unit: 'score' },
    { name: 'subject', label: 'Click or event', unit: 'text', opens: 'subject' },
    { name: 'affiliate', label: 'Affiliate', unit: 'text', opens: 'affiliate' },
    { name: 'why', label: 'Why', unit: 'text' },
  ],
  thresholds: [{ column: 'score', when: 'above', warn: 40, bad: 90 }],
  refreshMs: 3_000,
  width: 12,
  empty: 'Nothing suspicious in the last hour.',
}
