import type { Reader } from '../reader.ts'
import type { BalanceRow, VerdictRow } from '../rows.ts'

const VERDICTS_MAX = 40
const PLAYERS_MAX = 40

export type AffiliateAnswer = {
  affiliate_id: string
  balances: BalanceRow[]
  verdicts: (VerdictRow & { why: string })[]
  players: { brand_id: string; player_id: string; bound_at: string; evidence: string }[]
}

/** What a person wants to see first about one affiliate: the money, the latest suspicions, the latest players. */
export async function findAffiliate(reader: Reader, affiliateId: string): Promise<AffiliateAnswer | null> {
  const params = { id: affiliateId }
  const [balances, verdicts, players] = await Promise.all([
    reader.rows<BalanceRow>('SELECT * FROM balances WHERE affiliate_id = {id:String} ORDER BY currency', params),
    reader.rows<VerdictRow>(
      `SELECT * FROM verdicts WHERE affiliate_id = {id:String} AND decision != 'allow' ORDER BY scored_at DESC, verdict_id LIMIT ${VERDICTS_MAX}`,
      params,
    ),
    reader.rows<AffiliateAnswer['players'][number]>(
      `SELECT brand_id, player_id, bound_at, evidence FROM bindings WHERE affiliate_id = {id:String} ORDER BY bound_at DESC, player_id LIMIT ${PLAYERS_MAX}`,
      params,
    ),
  ])
  if (balances.length + verdicts.length + players.length === 0) return null
  const why = await whyOf(
    reader,
    verdicts.map((verdict) => verdict.verdict_id),
  )
  return {
    affiliate_id: affiliateId,
    balances,
    verdicts: verdicts.map((verdict) => ({ ...verdict, why: why.get(`${verdict.verdict_id} ${verdict.revision}`) ?? '' })),
    players,
  }
}

async function whyOf(reader: Reader, verdictIds: string[]): Promise<Map<string, string>> {
  if (verdictIds.length === 0) return new Map()
  const rows = await reader.rows<{ verdict_id: string; revision: number; why: string }>(
    `SELECT verdict_id, revision, arrayStringConcat(groupArray(text), '; ') AS why FROM verdict_reasons
     WHERE NOT shadow AND verdict_id IN {ids:Array(String)} GROUP BY verdict_id, revision`,
    { ids: verdictIds },
  )
  return new Map(rows.map((row) => [`${row.verdict_id} ${row.revision}`, row.why]))
}
