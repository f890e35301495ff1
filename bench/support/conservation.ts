import { queryNumber, queryRows } from './clickhouse-query.ts'
import type { LogContents } from './log-contents.ts'
import type { Simulated } from './simulate.ts'

/** One thing that must be equal, counted in two ways. */
export type Equation = { says: string; left: number; right: number }

const V = 'tributary_v1'
const FINALS = `'applied', 'unattributed', 'conflict', 'filtered', 'dead_lettered', 'parked'`
const KEYS = 'brand_id, player_id, affiliate_id, deal_id, component_id, currency'
const NET = `SELECT ${KEYS}, sumIf(amount, account = 'pending') AS pending, sumIf(amount, account = 'held') AS held, sumIf(amount, account = 'approved') AS approved FROM ${V}.ledger GROUP BY ${KEYS}`

/** Everything that must hold after a run into empty books, whatever was killed meanwhile. */
export async function conservation(clickhouseUrl: string, simulated: Simulated, log: LogContents): Promise<Equation[]> {
  const count = (query: string) => queryNumber(clickhouseUrl, query)
  const ids = async (query: string) => new Set((await queryRows(clickhouseUrl, query)).map(([id]) => id ?? ''))
  const { summary, answers } = simulated
  const acknowledgedReceipts = new Set(answers.receiptIds)
  const acknowledgedClicks = new Set(answers.clickIds)
  const receipts = await ids(`SELECT receipt_id FROM ${V}.receipts`)
  const clicks = await ids(`SELECT click_id FROM ${V}.clicks`)
  const accepted = await count(`SELECT sum(quantity) FROM ${V}.outcomes WHERE outcome = 'accepted'`)
  return [
    { says: 'messages acknowledged on the wire = accepted, as the simulator says', left: answers.items, right: summary.accepted },
    { says: 'messages sent = accepted, as the simulator says', left: summary.sent, right: summary.accepted },
    { says: 'acknowledged receipts missing in the view = 0', left: missing(acknowledgedReceipts, receipts), right: 0 },
    { says: 'receipts in the view that nobody was told of = 0', left: missing(receipts, acknowledgedReceipts), right: 0 },
    { says: 'acknowledged clicks missing in the view = 0', left: missing(acknowledgedClicks, clicks), right: 0 },
    { says: 'different clicks acknowledged = clicks stored', left: acknowledgedClicks.size, right: await count(`SELECT count() FROM ${V}.clicks`) },
    { says: 'different clicks in the log = clicks stored', left: log.clickIds.size, right: clicks.size },
    { says: 'events in the log without ticks = accepted', left: log.events, right: accepted },
    {
      says: 'accepted = dispositions + duplicates',
      left: accepted,
      right: await count(`SELECT sum(quantity) FROM ${V}.outcomes WHERE outcome IN (${FINALS}, 'duplicate')`),
    },
    { says: 'different receipts in the log = receipts', left: log.receiptIds.size, right: await count(`SELECT count() FROM ${V}.receipts`) },
    {
      says: 'receipts = receipts with one disposition',
      left: receipts.size,
      right: await count(`SELECT count() FROM (SELECT receipt_id FROM ${V}.receipts WHERE disposition IN (${FINALS}) GROUP BY receipt_id HAVING count() = 1)`),
    },
    {
      says: 'applied events without a settled verdict = 0',
      left: await count(
        `SELECT count() FROM ${V}.events WHERE disposition = 'applied' AND event_id NOT IN (SELECT subject_id FROM ${V}.verdicts WHERE subject_type = 'event' AND settled)`,
      ),
      right: 0,
    },
    {
      says: 'different entries in the log of the ledger = entries in the view',
      left: log.ledgerEntryIds.size,
      right: await count(`SELECT count() FROM ${V}.ledger`),
    },
    {
      says: 'transactions that do not sum to zero = 0',
      left: await count(`SELECT count() FROM (SELECT transaction_id FROM ${V}.ledger GROUP BY transaction_id, currency HAVING sum(amount) != 0)`),
      right: 0,
    },
    { says: 'rows of commissions that differ from the ledger = 0', left: await commissionDifferences(count), right: 0 },
    { says: 'dead letters = 0', left: await count(`SELECT count() FROM ${V}.dead_letters`), right: 0 },
  ]
}

export const doesHold = ({ left, right }: Equation): boolean => left === right

/** How many of one set the other does not have. */
export function missing(of: ReadonlySet<string>, within: ReadonlySet<string>): number {
  let count = 0
  for (const id of of) if (!within.has(id)) count += 1
  return count
}

/** Each side counts +1 or -1, so that a row of one side alone is left over. What nets to zero may lack a row. */
function commissionDifferences(count: (query: string) => Promise<number>): Promise<number> {
  const some = 'WHERE pending != 0 OR held != 0 OR approved != 0'
  const both = `SELECT *, 1 AS side FROM (${NET}) ${some} UNION ALL SELECT ${KEYS}, pending, held, approved, -1 AS side FROM ${V}.commissions ${some}`
  return count(`SELECT count() FROM (SELECT sum(side) AS total FROM (${both}) GROUP BY ${KEYS}, pending, held, approved HAVING total != 0)`)
}
