import type { Panel } from '../panel.ts'

export const money: Panel = {
  id: 'money',
  title: 'Commission by state',
  question: 'How much is owed to affiliates, and how much of it is held back?',
  kind: 'stacks',
  unit: 'money',
  sql: `
SELECT
  c.currency AS currency,
  c.approved AS approved,
  c.pending AS pending,
  c.held AS held,
  l.reversed AS reversed,
  c.earning AS earning
FROM (
  SELECT currency, sum(approved) AS approved, sum(pending) AS pending, sum(held) AS held,
    uniqExactIf((brand_id, player_id), accrued != 0) AS earning
  FROM commissions GROUP BY currency
) AS c
LEFT JOIN (SELECT currency, sumIf(amount, entry_type = 'reversal' AND account = 'expense') AS reversed FROM ledger GROUP BY currency) AS l ON l.currency = c.currency
ORDER BY c.approved + c.pending + c.held DESC, currency
LIMIT 8`,
  columns: [
    { name: 'currency', label: 'Currency', unit: 'text' },
    { name: 'approved', label: 'Approved', unit: 'money', currency: 'currency', tone: 'good' },
    { name: 'pending', label: 'Pending', unit: 'money', currency: 'currency', tone: 'warn' },
    { name: 'held', label: 'Held', unit: 'money', currency: 'currency', tone: 'serious' },
    {
      name: 'reversed',
      label: 'Reversed',
      unit: 'money',
      currency: 'currency',
      tone: 'muted',
      help: 'Taken back by chargebacks, rejects and corrections; not part of the bar',
    },
    { name: 'earning', label: 'Players', unit: 'count', help: 'Players whose affiliate earns in this currency' },
  ],
  thresholds: [],
  refreshMs: 4_000,
  width: 5,
  empty: 'No commission has been booked yet.',
}
