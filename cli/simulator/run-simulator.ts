import { setTimeout as sleep } from 'node:timers/promises'
import type { Catalog } from '../../catalog/catalog.ts'
import { planBatch } from './batch-plan.ts'
import { createLabelBook, type LabelBook } from './label-book.ts'
import type { PlannedMessage } from './message.ts'
import { planTraffic } from './plan.ts'
import { createSender, type Outcome, type Sender } from './send-messages.ts'
import { addOutcome, emptySummary, type SimulatorSummary } from './summary.ts'
import { worldFromCatalog } from './world.ts'

export type SimulatorOptions = {
  catalog: Catalog
  ingestUrl: string
  /** Secret of each integration, by its id. */
  secrets: Readonly<Record<string, string>>
  seed: number
  traffic: BatchTraffic | EndlessTraffic
  signal: AbortSignal
  onProgress?: (summary: SimulatorSummary) => void
}

/** So many messages, their times spread over the days before `endMs`, sent as fast as the edge takes them or as `perSecond` says. */
export type BatchTraffic = { kind: 'batch'; events: number; perSecond: number | null; endMs: number }
/** A programme that has been running for a week and goes on until the signal. */
export type EndlessTraffic = {
  kind: 'endless'
  clicksPerSecond: number
  /** True where the edge believes X-Forwarded-For from here: clicks then follow their links. */
  canRedirect: boolean
}

/** What was sent and, for a batch, what was planted. */
export type SimulatorResult = { summary: SimulatorSummary; labels: LabelBook }

const chunkMessages = 800
const graceMs = 3000
const historyMs = 7 * 86_400_000
/** A week of history is enough for balances and stays small. */
const historyClicksPerSecond = 0.008
/** At the live rate, so that charts begin with a line and not with a wall. */
const warmUpMs = 10 * 60_000
const liveClicksPerCampaign = 1200
const liveTickMs = 50
/** History must not take the machine away from what it starts on. */
const catchUpPerSecond = 800

/** @throws when the catalog has no brand with links and an integration that may send events. */
export async function runSimulator(options: SimulatorOptions): Promise<SimulatorResult> {
  const world = worldFromCatalog(options.catalog)
  if (world === null) throw new Error('the catalog has no brand with a link, an integration that may send clicks, and one for players that may send events')
  // What is in flight when the signal comes gets a moment to be answered, so that the summary tells the truth.
  const hardStop = new AbortController()
  const stopSoon = () => setTimeout(() => hardStop.abort(options.signal.reason), graceMs).unref()
  options.signal.addEventListener('abort', stopSoon, { once: true })
  const sender = createSender({ ingestUrl: options.ingestUrl, secrets: options.secrets, signal: hardStop.signal })
  const result: SimulatorResult = { summary: emptySummary(), labels: createLabelBook() }
  const { traffic, seed } = options
  try {
    if (traffic.kind === 'batch') {
      const tag = `s${seed}x${Math.floor(traffic.endMs / 1000).toString(36)}`
      await sendBatch(planBatch({ world, seed, tag, events: traffic.events, endMs: traffic.endMs }), traffic.perSecond, sender, result, options)
    } else {
      const nowMs = Date.now()
      const liveMs = nowMs - warmUpMs
      const plan = planTraffic({
        world,
        seed,
        tag: `live${Math.floor(nowMs / 1000).toString(36)}`,
        startMs: nowMs - historyMs,
        endMs: null,
        clicksPerSecond: (atMs) => (atMs < liveMs ? historyClicksPerSecond : traffic.clicksPerSecond),
        clicksPerCampaign: liveClicksPerCampaign,
        redirectsFromMs: traffic.canRedirect ? nowMs : null,
      })
      await sendEndless(plan, sender, result, options)
    }
  } catch (error) {
    // Being told to stop is the usual end of endless traffic, and a clean one of a batch.
    if (!options.signal.aborted) throw error
    result.summary.interrupted = true
  } finally {
    options.signal.removeEventListener('abort', stopSoon)
  }
  return result
}

async function sendBatch(
  plan: Iterable<PlannedMessage>,
  perSecond: number | null,
  sender: Sender,
  result: SimulatorResult,
  options: SimulatorOptions,
): Promise<void> {
  const startedMs = Date.now()
  const size = perSecond === null ? chunkMessages : Math.max(1, Math.min(chunkMessages, Math.floor(perSecond / 10)))
  let sent = 0
  for (const chunk of chunksOf(plan, size)) {
    options.signal.throwIfAborted()
    if (perSecond !== null) await sleep(Math.max(0, startedMs + (sent / perSecond) * 1000 - Date.now()), undefined, { signal: options.signal })
    const acknowledged = await sendChunk(chunk, sender, result, options)
    sent += chunk.length
    if (!acknowledged) throw new Error(`the ingest at ${options.ingestUrl} acknowledged nothing of the last ${chunk.length} messages, after many attempts`)
  }
}

/** Keeps to the clock; what is behind it (history, or an outage of the edge) is caught up at a bounded rate. */
async function sendEndless(
  plan: Generator<PlannedMessage, void, undefined>,
  sender: Sender,
  result: SimulatorResult,
  options: SimulatorOptions,
): Promise<void> {
  let next = plan.next()
  while (!next.done) {
    options.signal.throwIfAborted()
    const startedMs = Date.now()
    const chunk: PlannedMessage[] = []
    while (!next.done && next.value.sendAtMs <= startedMs && chunk.length < chunkMessages) {
      chunk.push(next.value)
      next = plan.next()
    }
    if (chunk.length > 0) await sendChunk(chunk, sender, result, options)
    const leastMs = Math.max(liveTickMs, (chunk.length / catchUpPerSecond) * 1000)
    await sleep(Math.max(1, startedMs + leastMs - Date.now()), undefined, { signal: options.signal })
  }
}

/** False when nothing came back: the edge is away. */
async function sendChunk(chunk: PlannedMessage[], sender: Sender, result: SimulatorResult, options: SimulatorOptions): Promise<boolean> {
  const outcomes = await sender.send(chunk)
  chunk.forEach((planned, index) => {
    const outcome = outcomes[index]
    if (outcome === undefined) throw new Error('a message has no outcome')
    addOutcome(result.summary, planned, outcome)
    if (options.traffic.kind === 'batch') addLabel(result.labels, planned, outcome)
  })
  options.onProgress?.(result.summary)
  return outcomes.some((outcome) => outcome.status === 'accepted' || outcome.status === 'rejected')
}

function addLabel(labels: LabelBook, { label, message, occurredAtMs }: PlannedMessage, outcome: Outcome): void {
  if (label === null || outcome.status !== 'accepted') return
  if (message.type === 'click' && outcome.clickId !== null) labels.add(label, 'click', outcome.clickId, occurredAtMs)
  if (outcome.eventId !== null) labels.add(label, 'event', outcome.eventId, occurredAtMs)
  if (outcome.player !== null) labels.add(label, 'player', outcome.player, occurredAtMs)
}

function* chunksOf<T>(items: Iterable<T>, size: number): Generator<T[], void, undefined> {
  let chunk: T[] = []
  for (const item of items) {
    chunk.push(item)
    if (chunk.length < size) continue
    yield chunk
    chunk = []
  }
  if (chunk.length > 0) yield chunk
}
