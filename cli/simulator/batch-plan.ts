import type { PlannedMessage } from './message.ts'
import { type PlanOptions, planTraffic } from './plan.ts'
import type { World } from './world.ts'

export type BatchOptions = { world: World; seed: number; tag: string; events: number; endMs: number }

/** A batch covers so much time before its end: long enough for first deposits, revenue days and reversals. */
export const batchSpanMs = 4 * 86_400_000
/** Messages that a click brings with it within the span, first guess. */
const messagesPerClick = 1.7
const clicksPerCampaignMost = 400
const clicksPerCampaignLeast = 25
/** So many frauds fit into a batch when it is small. */
const campaignsPerBatch = 10
const attemptsMax = 8

/** The options under which the traffic of the span holds at least `events` messages, so that the batch ends close to its end. */
export function batchPlanOptions(batch: BatchOptions): PlanOptions {
  const startMs = batch.endMs - batchSpanMs
  let clicks = Math.max(1, batch.events / messagesPerClick)
  for (let attempt = 1; ; attempt++) {
    const clicksPerSecond = clicks / (batchSpanMs / 1000)
    const options: PlanOptions = {
      world: batch.world,
      seed: batch.seed,
      tag: batch.tag,
      startMs,
      endMs: batch.endMs,
      clicksPerSecond: () => clicksPerSecond,
      clicksPerCampaign: Math.max(clicksPerCampaignLeast, Math.min(clicksPerCampaignMost, Math.floor(clicks / campaignsPerBatch))),
      redirectsFromMs: null,
    }
    const count = countUpTo(options, batch.events)
    if (count >= batch.events) return options
    if (attempt === attemptsMax) throw new Error(`no traffic of ${batch.events} messages was found in ${attemptsMax} attempts`)
    clicks *= Math.max(1.02, (1.03 * batch.events) / Math.max(1, count))
  }
}

/** Exactly `events` messages, in the order of sending. */
export function* planBatch(batch: BatchOptions): Generator<PlannedMessage, void, undefined> {
  let left = batch.events
  for (const planned of planTraffic(batchPlanOptions(batch))) {
    if (left-- <= 0) return
    yield planned
  }
}

function countUpTo(options: PlanOptions, limit: number): number {
  let count = 0
  for (const _ of planTraffic(options)) {
    count += 1
    if (count >= limit) break
  }
  return count
}
