import type { Reader } from '../reader.ts'
import type { BalanceRow, BindingRow, ReceiptRow } from '../rows.ts'

/** More receipts than this belong to no person; the answer says when it was cut. */
const RECEIPTS_MAX = 10_000

export type Player = { binding: BindingRow | null; receipts: ReceiptRow[]; balances: BalanceRow[]; truncated: boolean }

export async function bindingOf(reader: Reader, brandId: string, playerId: string): Promise<BindingRow | null> {
  const rows = await reader.rows<BindingRow>('SELECT * FROM bindings WHERE brand_id = {brand:String} AND player_id = {player:String} LIMIT 1', {
    brand: brandId,
    player: playerId,
  })
  return rows[0] ?? null
}

/** What is known of one player; null when no event and no binding names him. */
export async function findPlayer(reader: Reader, brandId: string, playerId: string): Promise<Player | null> {
  const params = { brand: brandId, player: playerId }
  const [binding, receipts, balances] = await Promise.all([
    bindingOf(reader, brandId, playerId),
    reader.rows<ReceiptRow>(
      `SELECT * FROM receipts
       WHERE receipt_id IN (SELECT receipt_id FROM events WHERE brand_id = {brand:String} AND player_id = {player:String})
       ORDER BY received_at, receipt_id LIMIT ${RECEIPTS_MAX + 1}`,
      params,
    ),
    reader.rows<BalanceRow>(
      `SELECT affiliate_id, currency, sum(c.pending) AS pending, sum(c.held) AS held, sum(c.approved) AS approved
       FROM commissions AS c WHERE brand_id = {brand:String} AND player_id = {player:String}
       GROUP BY affiliate_id, currency ORDER BY affiliate_id, currency`,
      params,
    ),
  ])
  if (binding === null && receipts.length === 0) return null
  return { binding, receipts: receipts.slice(0, RECEIPTS_MAX), balances, truncated: receipts.length > RECEIPTS_MAX }
}
