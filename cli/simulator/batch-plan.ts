import type { PlannedMessage } from './message.ts'
import { type PlanOptions, planTraffic } from './plan.ts'
import type { World } from './world.ts'

export type BatchOptions = { world: World; seed: number; tag: string; events: number; endMs: number }

/** A batch covers so much time before its end: long enough for first deposits, revenue days and reversals. */
const batchSpanMs = 4 * 86_400_000
/** Messages that a click brings with it within the span, first guess. */
const messagesPerClick = 1.7
const clicksPerCampaignMost = 400
const clicksPerCampaignLeast = 25
/** So many frauds fit into a batch when it is small. */
const campaignsPerBatch = 10
const attemptsMax = 40
/** The plan may hold so many times the messages that are sent. */
const surplusMost = 1.08
const growthLeast = 1.05

/** The options under which the traffic of the span holds `events` messages and few more, so that the batch ends close to its end. */
function batchPlanOptions(batch: BatchOptions): PlanOptions {
  let clicks = Math.max(1, batch.events / messagesPerClick)
  let found: PlanOptions | null = null
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const options = optionsFor(batch, clicks)
    const count = countUpTo(options, Math.ceil(batch.events * surplusMost) + 1)
    if (count >= batch.events) found = options
    if (count >= batch.events && count <= batch.events * surplusMost) break
    const factor = (batch.events * (1 + surplusMost)) / 2 / Math.max(1, count)
    // A handful of messages is ruled by chance, so what is too little grows by a step at least.
    clicks *= count < batch.events ? Math.max(growthLeast, factor) : factor
  }
  if (found === null) throw new Error(`no traffic of ${batch.events} messages was found in ${attemptsMax} attempts`)
  return found
}

function optionsFor(batch: BatchOptions, clicks: number): PlanOptions {
  const clicksPerSecond = clicks / (batchSpanMs / 1000)
  return {
    world: batch.world,
    seed: batch.seed,
    tag: batch.tag,
    startMs: batch.endMs - batchSpanMs,
    endMs: batch.endMs,
    clicksPerSecond: () => clicksPerSecond,
    clicksPerCampaign: Math.max(clicksPerCampaignLeast, Math.min(clicksPerCampaignMost, Math.floor(clicks / campaignsPerBatch))),
    redirectsFromMs: null,
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
