import { createHash } from 'node:crypto'
import type { Names } from '../../runtime/names.ts'
import type { PlayerEvent } from '../../schemas/records.generated.ts'

/** The windows are spread over this many hash slots; it never changes, since an entity must stay where it is. */
export const WINDOW_SLOTS = 16

/** Everything of a slot begins with this, so one script may touch all of it. */
export function slotPrefix(names: Names, slot: number): string {
  return names.redis(`{f${slot}}:`)
}

/** Slot of an IP, by its keyed hash. */
export function slotOfIp(ipHash: string): number {
  return digest(ipHash)[0]! % WINDOW_SLOTS
}

/** Eight bytes of a click id: enough to count distinct ones in a window. */
export function shortClickId(clickId: string): string {
  return digest(clickId).subarray(0, 8).toString('base64url')
}

/** The place of an external id: who uses it twice is seen there, whatever the player's partition. */
export function externalIdPlace(event: PlayerEvent): { slot: number; id: string } {
  const hash = digest(JSON.stringify([event.brand_id, event.integration_id, event.event_type, event.external_event_id]))
  return { slot: hash[0]! % WINDOW_SLOTS, id: hash.subarray(0, 16).toString('base64url') }
}

export function shortPlayer(event: PlayerEvent): string {
  return digest(`${event.brand_id}:${event.player_id}`).subarray(0, 9).toString('base64url')
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest()
}
