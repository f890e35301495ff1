import { type Catalog, dealVersionAt, linkByNumber, offerById, promoByCode } from '../../catalog/catalog.ts'
import { type ClickKeys, verifyClickId } from '../../schemas/click-id.ts'
import type { Binding, BindingReason, PlayerEvent } from '../../schemas/records.generated.ts'

/** What the evidence of an event says: everything of a binding that does not depend on where the event stood in the log. */
export type Decision = Pick<
  Binding,
  'affiliate_id' | 'offer_id' | 'link_id' | 'click_id' | 'clicked_at' | 'bound_at' | 'evidence' | 'reason' | 'candidates' | 'event_id'
>

/** Currencies in which the deal of a binding pays; null when it has no component of that kind. */
export type Rates = { deposit: string[] | null; revenue: string[] | null }

type Owner = Pick<Binding, 'affiliate_id' | 'offer_id' | 'link_id' | 'click_id' | 'clicked_at'>
type Weighed = { evidence: 'promo_code' | 'click_id'; value: string; owner: Owner | null; reason: BindingReason; exclusive: boolean }

/** A click may be this much younger than the event: two clocks that differ. */
const CLICK_AHEAD_MS = 300_000
const CLICK_PLAYER_PREFIX = 'click~'

const NOBODY: Owner = { affiliate_id: null, offer_id: null, link_id: null, click_id: null, clicked_at: null }

/** Where the click is the player, its events have no registration: the earliest of them binds. */
export function isClickPlayer(playerId: string): boolean {
  return playerId.startsWith(CLICK_PLAYER_PREFIX)
}

/** The click that an event claims. */
export function claimedClickId(event: Pick<PlayerEvent, 'click_id' | 'player_id'>): string | null {
  if (event.click_id !== null) return event.click_id
  return isClickPlayer(event.player_id) ? event.player_id.slice(CLICK_PLAYER_PREFIX.length) : null
}

/** Weighs the evidence of the event that binds: exclusive promo code, then click, then any other promo code. */
export function decisionFromEvent(event: PlayerEvent, catalog: Catalog, keys: ClickKeys): Decision {
  const promo = weighPromo(event, catalog)
  const click = weighClick(event, catalog, keys)
  const ranked = (promo?.exclusive ? [promo, click] : [click, promo]).filter((weighed) => weighed !== null)
  const winner = ranked.find((weighed) => weighed.owner !== null)
  return {
    ...(winner?.owner ?? NOBODY),
    bound_at: event.occurred_at,
    evidence: winner?.evidence ?? 'none',
    reason: winner === undefined ? ((click ?? promo)?.reason ?? 'no_evidence') : 'bound',
    candidates: ranked.map((weighed) => candidateText(weighed, winner)),
    event_id: event.event_id,
  }
}

/** What the deal that the binding falls under pays for. Without a deal nothing is owed, so no currency is missing either. */
export function ratesOf(decision: Decision, catalog: Catalog): Rates {
  const { affiliate_id, offer_id, bound_at } = decision
  const deal = affiliate_id === null || offer_id === null ? null : dealVersionAt(catalog, affiliate_id, offer_id, bound_at)
  const currenciesOf = (type: 'cpa' | 'revshare') => {
    const currencies = (deal?.components ?? []).filter((component) => component.type === type).map((component) => component.currency)
    return currencies.length === 0 ? null : [...new Set(currencies)].sort()
  }
  return { deposit: currenciesOf('cpa'), revenue: currenciesOf('revshare') }
}

function weighPromo(event: PlayerEvent, catalog: Catalog): Weighed | null {
  if (event.promo_code === null) return null
  const promo = promoByCode(catalog, event.promo_code, event.brand_id, event.occurred_at)
  const base = { evidence: 'promo_code' as const, value: event.promo_code }
  if (promo === null) return { ...base, owner: null, reason: 'promo_unknown', exclusive: false }
  const owner = { ...NOBODY, affiliate_id: promo.affiliateId, offer_id: promo.offerId }
  return { ...base, owner, reason: 'bound', exclusive: promo.exclusive }
}

function weighClick(event: PlayerEvent, catalog: Catalog, keys: ClickKeys): Weighed | null {
  const clickId = claimedClickId(event)
  if (clickId === null) return null
  const refused = (reason: BindingReason): Weighed => ({ evidence: 'click_id', value: clickId, owner: null, reason, exclusive: false })
  const parts = verifyClickId(keys, clickId)
  if (parts === null) return refused('click_invalid')
  const link = linkByNumber(catalog, parts.linkNumber)
  const offer = link === null ? null : offerById(catalog, link.offerId)
  if (link === null || offer === null || link.brandId !== event.brand_id) return refused('click_unknown_link')
  const ageMs = event.occurred_at - parts.atMs
  if (ageMs > offer.attributionWindowMs) return refused('click_expired')
  if (ageMs < -CLICK_AHEAD_MS) return refused('click_after_event')
  const owner = { affiliate_id: link.affiliateId, offer_id: link.offerId, link_id: link.id, click_id: clickId, clicked_at: parts.atMs }
  return { evidence: 'click_id', value: clickId, owner, reason: 'bound', exclusive: false }
}

function candidateText(weighed: Weighed, winner: Weighed | undefined): string {
  const outcome = weighed.owner !== null && weighed !== winner ? 'outranked' : weighed.reason
  const who = weighed.owner === null ? '' : ` of ${weighed.owner.affiliate_id}`
  return `${weighed.exclusive ? 'exclusive ' : ''}${weighed.evidence} ${weighed.value}${who}: ${outcome}`
}
