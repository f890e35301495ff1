import { hash } from 'node:crypto'
import { eventIdentity, identityHash8 } from '../../schemas/identity.ts'
import type { PlayerEvent } from '../../schemas/records.generated.ts'

/** Short hashes in base64url. Many of them are kept in one text, each at a multiple of its width. */
export const SHORT_MARK = 11
export const LONG_MARK = 22

/** 8 bytes of the identity: nominates a repetition. */
export function identityMark(event: PlayerEvent): string {
  return Buffer.from(identityHash8(eventIdentity(event)), 'hex').toString('base64url')
}

/** 16 bytes of the event id, which is a function of identity and content: decides whether it is one. */
export function eventMark(eventId: string): string {
  return markOf(['event', eventId], 16)
}

/** What a reference points at: an external id within the player and the integration. */
export function referenceMark(integrationId: string, externalEventId: string): string {
  return markOf(['original', integrationId, externalEventId], 8)
}

/** An external id under which a chargeback is known; only the operator's word can refer to one. */
export function chargebackMark(integrationId: string, externalEventId: string): string {
  return markOf(['chargeback', integrationId, externalEventId], 8)
}

/** What a revenue report reports, whatever id it was sent under. */
export function revenueMark(event: PlayerEvent): string {
  return markOf(['revenue', event.integration_id, event.period ?? '', event.currency ?? '', String(event.revision)], 8)
}

/** The place of `mark` in a text of marks; -1 when it is not there. `stride` is the width of one entry. */
export function placeOfMark(marks: string, mark: string, stride: number): number {
  for (let at = marks.indexOf(mark); at >= 0; at = marks.indexOf(mark, at + 1)) if (at % stride === 0) return at
  return -1
}

function markOf(parts: string[], bytes: number): string {
  return hash('sha256', JSON.stringify(parts), 'buffer').subarray(0, bytes).toString('base64url')
}
