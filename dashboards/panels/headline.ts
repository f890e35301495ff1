import type { Panel } from '../panel.ts'

export const headline: Panel = {
  id: 'headline',
  title: 'Now',
  question: 'What is happening this minute?',
  kind: 'stats',
  unit: 'count',
  // A minute that ends two seconds ago: what is younger is still on its way into the tables.
  sql: `
SELECT
  (SELECT countIf(NOT is_bot) / 60 FROM clicks WHERE occurred_at >= now64(3) - INTERVAL 62 SECOND AND occurred_at < now64(3) - INTERVAL 2 SECOND) AS clicks_per_second,
  (SELECT if(count() = 0, NULL, 100 * countIf(is_bot) / count()) FROM clicks WHERE occurred_at >= now64(3) - INTERVAL 62 SECOND) AS bot_percent,
  (SELECT count() FROM verdicts WHERE subject_type = 'event' AND scored_at >= now64(3) - INTERVAL 62 SECOND) AS events_last_minute,
  (SELECT count() FROM bindings WHERE affiliate_id IS NOT NULL AND bound_at >= now64(3) - INTERVAL 15 MINUTE) AS players_won,
  (SELECT if(count() = 0, NULL, 100 * countIf(decision IN ('hold', 'reject')) / count()) FROM verdicts WHERE subject_type = 'event' AND scored_at >= now64(3) - INTERVAL 15 MINUTE) AS stopped_percent,
  (SELECT count() FROM dead_letters WHERE at >= now64(3) - INTERVAL 1 DAY) AS dead_letters`,
  columns: [
    { name: 'clicks_per_second', label: 'Clicks by people', unit: 'per_second', tone: 'brand', help: 'Mean of the last minute, without known bots' },
    { name: 'bot_percent', label: 'Bots among clicks', unit: 'percent', tone: 'muted', help: 'Share of known bots in the last minute' },
    {
      name: 'events_last_minute',
      label: 'Events, last minute',
      unit: 'count',
      tone: 'plain',
      help: 'Registrations, deposits, trades and the rest that were judged in the last minute',
    },
    {
      name: 'players_won',
      label: 'Players won, 15 min',
      unit: 'count',
      tone: 'good',
      help: 'Players who registered in the last 15 minutes and belong to an affiliate',
    },
    { name: 'stopped_percent', label: 'Held or rejected', unit: 'percent', tone: 'bad', help: 'Share of the events judged in the last 15 minutes' },
    {
      name: 'dead_letters',
      label: 'Dead letters, 24 h',
      unit: 'count',
      tone: 'bad',
      help: 'Records that could not be read; tributary replay sends them again',
    },
  ],
  thresholds: [
    { column: 'bot_percent', when: 'above', warn: 20, bad: 50 },
    { column: 'stopped_percent', when: 'above', warn: 10, bad: 25 },
    { column: 'dead_letters', when: 'above', warn: 1, bad: 100 },
  ],
  refreshMs: 2_000,
  width: 12,
  empty: 'Nothing has arrived yet.',
}
