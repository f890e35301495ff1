import type { ClaimSignal } from './rules/rule.ts'
import { type Catalog, linkByNumber, offerById } from '../../catalog/catalog.ts'
import { type ClickKeys, verifyClickId } from '../../schemas/click-id.ts'
import type { AttributedEvent } from '../../schemas/records.generated.ts'

const CLICK_PLAYER_PREFIX = 'click~'

/** Whether the event is the one that binds its player: the registration, or the first event where the click is the player. */
export function isBindingEvent({ event, binding }: AttributedEvent): boolean {
  if (!event.player_id.startsWith(CLICK_PLAYER_PREFIX)) return event.event_type === 'registration'
  return binding !== null && binding.event_id === event.event_id
}

/** What the click id that a binding event claims is worth, by its signature and the catalog alone. */
export function claimOf(attributed: AttributedEvent, keys: ClickKeys, catalog: Catalog): ClaimSignal {
  const { event } = attributed
  if (!isBindingEvent(attributed) || event.click_id === null) return { state: 'none' }
  const verified = verifyClickId(keys, event.click_id)
  if (verified === null) return { state: 'forged' }
  const link = linkByNumber(catalog, verified.linkNumber)
  const offer = link === null ? null : offerById(catalog, link.offerId)
  if (link === null || offer === null || link.brandId !== event.brand_id) return { state: 'unknown_link' }
  const ageMs = event.occurred_at - verified.atMs
  if (ageMs > offer.attributionWindowMs) return { state: 'expired', ageMs, windowMs: offer.attributionWindowMs }
  return { state: 'valid' }
}
