import type { Reader } from '../reader.ts'
import type { ClickRow } from '../rows.ts'

/** What a click id says by itself; null when its signature is not ours. */
export type SignedClick = { clickedAtMs: number; linkId: string | null; affiliateId: string | null; offerId: string | null }
export type VerifyClick = (clickId: string) => SignedClick | null

export type ClickAnswer =
  | { valid: false }
  | { valid: true; clicked_at: string; link_id: string | null; affiliate_id: string | null; offer_id: string | null; stored: boolean }

/** The id answers for itself; the store only says whether the click's own record arrived too. */
export async function findClick(reader: Reader, verify: VerifyClick, clickId: string): Promise<ClickAnswer> {
  const signed = verify(clickId)
  if (signed === null) return { valid: false }
  const stored = await reader.rows('SELECT 1 AS stored FROM clicks WHERE click_id = {id:String} LIMIT 1', { id: clickId })
  return {
    valid: true,
    clicked_at: new Date(signed.clickedAtMs).toISOString(),
    link_id: signed.linkId,
    affiliate_id: signed.affiliateId,
    offer_id: signed.offerId,
    stored: stored.length > 0,
  }
}

export async function clicksByIds(reader: Reader, clickIds: string[]): Promise<ClickRow[]> {
  if (clickIds.length === 0) return []
  return reader.rows<ClickRow>('SELECT * FROM clicks WHERE click_id IN {ids:Array(String)}', { ids: clickIds })
}
