import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../runtime/lifecycle.ts'
import { isSettled, type Look, lookAtPipeline, type Open, type PipelineView } from './open-work.ts'

/** Longer than anything waits before it is written, so that what was on its way during one look shows in the next. */
const BETWEEN_LOOKS_MS = 1_200
const BETWEEN_OPEN_LOOKS_MS = 300

export type Waited = { done: boolean; open: Open[]; elapsedMs: number }

/** Looks until everything is done, or the time is over; then it tells what the last look found open. */
export async function waitUntilSettled(
  view: PipelineView,
  options: { timeoutMs: number; onLook?: (open: Open[], elapsedMs: number) => void },
): Promise<Waited> {
  const startMs = performance.now()
  let before: Look | null = null
  for (;;) {
    const look = await lookOrReason(view)
    const elapsedMs = performance.now() - startMs
    if (isSettled(before, look)) return { done: true, open: [], elapsedMs }
    options.onLook?.(look.open, elapsedMs)
    const leftMs = options.timeoutMs - elapsedMs
    if (leftMs <= 0) return { done: false, open: look.open.length > 0 ? look.open : [STILL_MOVING], elapsedMs }
    before = look
    await sleep(Math.min(leftMs, look.open.length === 0 ? BETWEEN_LOOKS_MS : BETWEEN_OPEN_LOOKS_MS))
  }
}

const STILL_MOVING: Open = { part: 'log', what: 'more look is needed: records were still written between the last two', count: 1 }

/** A part that is being restarted does not answer; that is something to wait for, not an end. */
async function lookOrReason(view: PipelineView): Promise<Look> {
  try {
    return await lookAtPipeline(view)
  } catch (error) {
    return { open: [{ part: 'log', what: `part does not answer (${messageOf(error)})`, count: 1 }], latest: new Map() }
  }
}
