import type { LogReader } from '../../runtime/read-range.ts'
import type { SlotMeta } from './windows.ts'

/** How long an answer is good for whoever asks without a deadline. */
const FRESH_MS = 250
/** Answers are kept while somebody may still wait for the windows to reach them. */
const KEPT_MS = 180_000

/**
 * The end of every clicks partition, asked for at or after `sinceMs` of the wall clock; the same answer for the same
 * `sinceMs`, since an end that moves on with the traffic would never be reached.
 */
export type ClickMarks = (sinceMs: number) => Promise<number[]>

export function createClickMarks(reader: Pick<LogReader, 'watermarks'>, topic: string, partitions: number, nowMs: () => number = Date.now): ClickMarks {
  let asked: { atMs: number; ends: Promise<number[]> }[] = []
  return (sinceMs) => {
    const atMs = nowMs()
    const usable = asked.find((answer) => answer.atMs >= (sinceMs > 0 ? sinceMs : atMs - FRESH_MS))
    if (usable !== undefined) return usable.ends
    const ends = Promise.all(Array.from({ length: partitions }, async (_, partition) => (await reader.watermarks(topic, partition)).high))
    const answer = { atMs, ends }
    asked = [...asked.filter((one) => one.atMs > atMs - KEPT_MS), answer]
    ends.catch(() => {
      asked = asked.filter((one) => one !== answer)
    })
    return ends
  }
}

/** Whether a slot has applied every clicks partition up to these ends. */
export function isCaughtUp(meta: SlotMeta, ends: readonly number[]): boolean {
  return ends.every((end, partition) => (meta.next.get(partition) ?? -1) >= end)
}

/** Whether a slot has lost nothing that was logged from `fromMs` on. */
export function isCompleteSince(meta: SlotMeta, fromMs: number): boolean {
  return [...meta.sinceMs.values()].every((sinceMs) => sinceMs <= fromMs)
}
