import type { LogReader } from '../../runtime/read-range.ts'
import type { SlotMeta } from './windows.ts'

const CACHE_MS = 250

/** The end of every clicks partition, asked for at or after `sinceMs` of the wall clock. */
export type ClickMarks = (sinceMs: number) => Promise<number[]>

/** Answers from memory while that is fresh, and shares what is under way. */
export function createClickMarks(reader: Pick<LogReader, 'watermarks'>, topic: string, partitions: number): ClickMarks {
  let newest: { askedMs: number; ends: Promise<number[]> } | null = null
  return (sinceMs) => {
    const nowMs = Date.now()
    // What was asked before the deadline does not show the clicks up to it.
    if (newest !== null && newest.askedMs >= sinceMs && nowMs - newest.askedMs < CACHE_MS) return newest.ends
    const asked = Promise.all(Array.from({ length: partitions }, async (_, partition) => (await reader.watermarks(topic, partition)).high))
    newest = { askedMs: nowMs, ends: asked }
    asked.catch(() => {
      newest = null
    })
    return asked
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
