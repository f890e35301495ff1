import { hash } from 'node:crypto'
import type { PlayerEvent } from './records.generated.ts'

/** What names a fact. */
export type IdentityFields = Pick<
  PlayerEvent,
  'brand_id' | 'player_id' | 'integration_id' | 'event_type' | 'external_event_id' | 'period' | 'currency' | 'revision'
>

/**
 * The identity of a fact, as 64 hex digits. A registration without an external id has the empty string there;
 * a revenue report is also named by what it reports.
 */
export function eventIdentity(event: IdentityFields): string {
  const { brand_id, player_id, integration_id, event_type, external_event_id } = event
  const named = ['identity', brand_id, player_id, integration_id, event_type, external_event_id]
  if (event_type !== 'revenue_reported') return hashOf(named)
  return hashOf([...named, event.period, event.currency, event.revision === null ? null : String(event.revision)])
}

/** The first 8 bytes of an identity, as 16 hex digits: small enough to be kept for ever. It nominates a duplicate. */
export function identityHash8(identity: string): string {
  return identity.slice(0, 16)
}

/** A validated value. Absent and null are the same. */
export type ContentValue = string | number | bigint | boolean | null | undefined | Readonly<Record<string, string>>

/**
 * Hash of validated fields, as 64 hex digits. Amounts (bigint units) and times (milliseconds) count by value, and
 * neither the order of the fields nor the channel they came through matters.
 */
export function contentHash(fields: Readonly<Record<string, ContentValue>>): string {
  return hashOf(['content', ...sortedEntries(fields).flatMap(([name, value]) => partsOf(name, value))])
}

/**
 * The content of an event: what the sender told about it. `isTimeGiven` is false when occurred_at is ingest's own
 * clock, which a repeated call would not repeat.
 */
export function eventContent(event: Omit<PlayerEvent, 'event_id' | 'receipt_id' | 'content_hash'>, isTimeGiven: boolean): string {
  return contentHash({
    player_id: event.player_id,
    event_type: event.event_type,
    external_event_id: event.external_event_id,
    occurred_at: isTimeGiven ? event.occurred_at : null,
    click_id: event.click_id,
    promo_code: event.promo_code,
    amount: event.amount,
    currency: event.currency,
    lots: event.lots,
    instrument: event.instrument,
    account_type: event.account_type,
    account_id: event.account_id,
    period: event.period,
    revision: event.revision,
    refers_to: event.refers_to,
    status: event.status,
    attributes: event.attributes,
    is_test: event.is_test,
  })
}

/** The id of an event: other content under the same identity is another event. */
export function eventId(identity: string, content: string): string {
  return `ev_${hashOf(['event', identity, content]).slice(0, 32)}`
}

/** The id that the sender is answered: the same call gets the same answer without a look-up. */
export function receiptId(identity: string, content: string): string {
  return `rc_${hashOf(['receipt', identity, content]).slice(0, 32)}`
}

function partsOf(name: string, value: ContentValue): string[] {
  if (value === null || value === undefined) return []
  if (typeof value !== 'object') return [name, typeof value, String(value)]
  const entries = sortedEntries(value)
  return [name, 'map', String(entries.length), ...entries.flat()]
}

function sortedEntries<T>(fields: Readonly<Record<string, T>>): [string, T][] {
  return Object.entries(fields).sort(([a], [b]) => (a < b ? -1 : 1))
}

/** SHA-256 over parts that carry their length, so that no two lists of parts read alike. */
function hashOf(parts: (string | null)[]): string {
  return hash('sha256', parts.map((part) => (part === null ? '-' : `${part.length}:${part}`)).join(''))
}
