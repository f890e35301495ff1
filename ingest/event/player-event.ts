import type { Integration } from '../../catalog/catalog.ts'
import { eventContent, eventId, eventIdentity, receiptId } from '../../schemas/identity.ts'
import type { PlayerEvent } from '../../schemas/records.generated.ts'
import type { ValidEvent } from './event-from-fields.ts'

export type EventContext = { integration: Integration; receivedAtMs: number; catalogVersion: string }

/** The record of an accepted event, with ids that are functions of its identity and content. */
export function playerEventFrom(event: ValidEvent, { integration, receivedAtMs, catalogVersion }: EventContext): PlayerEvent {
  const facts = {
    brand_id: integration.brandId,
    player_id: event.playerId,
    integration_id: integration.id,
    event_type: event.eventType,
    external_event_id: event.externalEventId,
    occurred_at: event.occurredAtMs ?? receivedAtMs,
    received_at: receivedAtMs,
    click_id: event.clickId,
    promo_code: event.promoCode,
    amount: event.amount,
    currency: event.currency,
    lots: event.lots,
    instrument: event.instrument,
    account_type: event.accountType,
    account_id: event.accountId,
    period: event.period,
    revision: event.revision,
    refers_to: event.refersTo,
    status: event.status,
    attributes: event.attributes,
    is_test: event.isTest,
    catalog_version: catalogVersion,
  }
  const identity = eventIdentity(facts)
  const content = eventContent(facts, event.occurredAtMs !== null)
  return { event_id: eventId(identity, content), receipt_id: receiptId(identity, content), content_hash: content, ...facts }
}
