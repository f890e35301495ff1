import { playerKey, topics } from '../../schemas/topics.ts'
import { codecs } from '../../schemas/codec.ts'
import type { EventSignals } from './rules/rule.ts'
import { eventVerdict, judge, saysTheSame } from './verdict.ts'
import { docFromWatched, verdictOf, type Watched, watchedFromDoc } from './watched.ts'
import type { FraudRule } from '../../catalog/catalog.ts'
import type { Docs, Source, StepContext } from '../../runtime/chain-step.ts'
import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import { deadLetterFrom } from '../../runtime/dead-letter.ts'
import type { AttributedEvent, ScoredEvent, Verdict } from '../../schemas/records.generated.ts'
import { tickEvent } from '../../schemas/tick.ts'

/** Signals by event id: of every event of the batch, and of every event whose deadline has come or that a tick names. */
export type FraudSignals = ReadonlyMap<string, { ruleSet: readonly FraudRule[]; signals: EventSignals }>

export type FraudInput = { record: KafkaRecord; attributed: AttributedEvent | null }
export type Context = StepContext<FraudSignals>
export type CoreSettings = {
  settleMs: number
  topic: (name: string) => string
  /** Told of every verdict, to count them. */
  onVerdict: (verdict: Verdict) => void
}

/** A settled verdict waits this long for windows that are not complete, then it is at least a review. */
export const WAIT_MS_MAX = 120_000
const RETRY_MS_FIRST = 250
const RETRY_MS_MAX = 5_000
/** When a settled verdict that did not see everything is looked at again: a click may come late, windows fill up again. */
const RECHECKS_MS = [2_000, 8_000, 60_000, 600_000, 3_600_000, 21_600_000, 86_400_000]
/** How long a late fact can still revise a settled verdict. */
export const WATCH_MS = 30 * 86_400_000
/** A verdict read back that is younger is looked at once more: who watched its windows for it may be gone. */
const REARM_MS = 86_400_000
/** Event id of what stands for a record that cannot be read; unlike every id that attribution gives. */
const UNREADABLE = 'unreadable~'

/** The events an input touches: its own, or the one that a tick names. */
export function keysOfInput({ attributed }: FraudInput): string[] {
  if (attributed === null) return []
  if (attributed.kind === 'event') return [attributed.event_id]
  return namedByTick(attributed) ?? []
}

/** A tick may name an event whose signals have changed. */
export function namedByTick(attributed: AttributedEvent): [string] | null {
  return attributed.kind === 'tick' && attributed.event.refers_to !== null ? [attributed.event.refers_to] : null
}

/** A first sight of an event gives a provisional verdict; all else passes through without one. */
export function onRecord({ record, attributed }: FraudInput, context: Context, settings: CoreSettings): void {
  if (attributed === null) return emitUnreadable(record, context, settings)
  if (context.duplicate || attributed.kind !== 'event') {
    emit({ ...attributed, kind: context.duplicate ? 'skip' : attributed.kind }, null, context, settings)
    const named = context.duplicate ? null : namedByTick(attributed)
    if (named !== null) recheck(named[0], context, settings)
    return
  }
  const before = watchedFromDoc(context.docs.get(attributed.event_id))
  const verdict = judged(attributed, null, context, { settled: false, revision: before === null ? 1 : verdictOf(before).revision + 1 })
  if (verdict === null) throw new Error(`the signals of ${attributed.event_id} were not gathered`)
  const scored = emit(attributed, verdict, context, settings)
  keep({ scored, next: 'settle', sinceMs: context.logTimeMs, tries: 0 }, context.logTimeMs + settings.settleMs, context.docs)
}

/** The deadline of a watched event. */
export function onDue(eventId: string, context: Context, settings: CoreSettings): void {
  const watched = watchedFromDoc(context.docs.get(eventId))
  if (watched === null) return
  if (watched.next === 'drop') return context.docs.set(eventId, null)
  if (watched.next === 'settle') settle(watched, context, settings)
  else recheckDue(watched, context, settings)
}

function settle(watched: Watched, context: Context, settings: CoreSettings): void {
  const { logTimeMs } = context
  const { attributed } = watched.scored
  const waited = logTimeMs - watched.sinceMs - settings.settleMs
  if (isWaiting(attributed.event_id, context) && waited < WAIT_MS_MAX) return retry(watched, context)
  const earlier = verdictOf(watched)
  const verdict = judged(attributed, null, context, { settled: true, revision: earlier.revision + 1 })
  if (verdict === null) return retry(watched, context)
  const scored = emit(attributed, verdict, context, settings)
  keepSettled({ scored, next: 'drop', sinceMs: logTimeMs, tries: 0 }, context)
}

function recheckDue(watched: Watched, context: Context, settings: CoreSettings): void {
  if (!context.signals.has(watched.scored.event_id)) return retry(watched, context)
  const revised = revise(watched, context, settings)
  // Looking while the windows are still being filled does not use up a look.
  const tries = isWaiting(watched.scored.event_id, context) ? watched.tries : watched.tries + 1
  keepSettled({ ...revised, tries }, context)
}

/** A tick says that the signals of this event have changed. An unsettled one will see them when it settles. */
function recheck(eventId: string, context: Context, settings: CoreSettings): void {
  const watched = watchedFromDoc(context.docs.get(eventId))
  if (watched === null || watched.next === 'settle') return
  const revised = revise(watched, context, settings)
  if (revised !== watched) keepSettled(revised, context)
}

function revise(watched: Watched, context: Context, settings: CoreSettings): Watched {
  const earlier = verdictOf(watched)
  const { attributed } = watched.scored
  const verdict = judged(attributed, earlier, context, { settled: true, revision: earlier.revision + 1 })
  if (verdict === null || saysTheSame(verdict, earlier)) return watched
  return { ...watched, scored: emit(attributed, verdict, context, settings) }
}

/** Complete: watched for late facts until the watch is over. Incomplete: looked at again, soon while windows are being filled. */
function keepSettled(watched: Watched, context: Context): void {
  const isFilling = isWaiting(watched.scored.event_id, context)
  const inMs = isFilling ? RETRY_MS_MAX : RECHECKS_MS[watched.tries]
  const isComplete = verdictOf(watched).completeness === 1 && !isFilling
  if (isComplete || inMs === undefined) keep({ ...watched, next: 'drop' }, watched.sinceMs + WATCH_MS, context.docs)
  else keep({ ...watched, next: 'recheck' }, context.logTimeMs + inMs, context.docs)
}

function retry(watched: Watched, context: Context): void {
  const inMs = Math.min(RETRY_MS_MAX, RETRY_MS_FIRST * 2 ** watched.tries)
  keep({ ...watched, tries: watched.tries + 1 }, context.logTimeMs + inMs, context.docs)
}

function keep(watched: Watched, dueMs: number, docs: Docs): void {
  docs.set(watched.scored.event_id, docFromWatched(watched))
  docs.schedule(watched.scored.event_id, dueMs)
}

function isWaiting(eventId: string, { signals }: Context): boolean {
  const found = signals.get(eventId)?.signals
  return found === undefined || [found.ip, found.externalId].some((signal) => signal.state === 'unknown' && signal.waiting)
}

function judged(attributed: AttributedEvent, earlier: Verdict | null, context: Context, at: { settled: boolean; revision: number }): Verdict | null {
  const found = context.signals.get(attributed.event_id)
  if (found === undefined) return null
  return eventVerdict(attributed, judge(found.ruleSet, found.signals, earlier, at.settled), { ...at, scoredAtMs: context.logTimeMs })
}

function emit(attributed: AttributedEvent, verdict: Verdict | null, context: Context, settings: CoreSettings): ScoredEvent {
  const scored: ScoredEvent = { event_id: attributed.event_id, attributed, verdict, source_offset: context.record.offset, index: context.nextIndex() }
  context.emit({
    topic: settings.topic(topics['scored-events'].name),
    partition: context.record.partition,
    key: playerKey(attributed.event.brand_id, attributed.event.player_id),
    value: codecs.ScoredEvent.encode(scored),
  })
  if (verdict !== null) settings.onVerdict(verdict)
  return scored
}

/** A record that cannot be read keeps its place in the chain, and its bytes go where people look. */
function emitUnreadable(record: KafkaRecord, context: Context, settings: CoreSettings): void {
  const { partition, offset } = context.record
  emit(placeholder(`${UNREADABLE}${partition}~${offset}`, partition, offset, context.logTimeMs), null, context, settings)
  context.emit(deadLetterFrom(record, settings.topic(topics['dead-letters'].name), { step: 'fraud', reason: 'undecodable', atMs: context.logTimeMs }))
}

function placeholder(eventId: string, partition: number, offset: number, atMs: number): AttributedEvent {
  const event = { ...tickEvent(partition, atMs), event_id: eventId }
  return { event_id: eventId, kind: 'skip', event, binding: null, click_state: 'none', click: null, source_offset: offset, index: 0 }
}

/** Never throws: a record that cannot be read is null. */
export function scoredFromRecord(record: KafkaRecord): ScoredEvent | null {
  return record.value === null ? null : decodedOrNull(() => codecs.ScoredEvent.decode(record.value as Buffer))
}

/** Never throws: a record that cannot be read has no event. */
export function inputFromRecord(record: KafkaRecord): FraudInput {
  const attributed = record.value === null ? null : decodedOrNull(() => codecs.AttributedEvent.decode(record.value as Buffer))
  return { record, attributed }
}

function decodedOrNull<T>(decode: () => T): T | null {
  try {
    return decode()
  } catch (error) {
    if (error instanceof Error && error.name === 'CodecError') return null
    throw error
  }
}

/**
 * Puts a recorded output into the documents: a recorded verdict is a fact and is not made again. Harmless when the
 * documents know it already.
 */
export function fold(record: KafkaRecord, docs: Docs, settings: CoreSettings, nowMs: number): { applied: number; source: Source | null } | null {
  const scored = scoredFromRecord(record)
  if (scored === null) return null
  if (scored.verdict !== null) foldVerdict(scored, scored.verdict, docs, settings, nowMs)
  const { attributed } = scored
  // A later verdict carries the event again, not the input that caused it; only index 0 shows how far the input was read.
  const readable = scored.index === 0 && !scored.event_id.startsWith(UNREADABLE)
  const source = readable ? { sourceOffset: attributed.source_offset, index: attributed.index } : null
  return { applied: scored.source_offset, source }
}

function foldVerdict(scored: ScoredEvent, verdict: Verdict, docs: Docs, settings: CoreSettings, nowMs: number): void {
  const known = watchedFromDoc(docs.get(scored.event_id))
  if (known !== null && verdictOf(known).revision >= verdict.revision) return
  const sinceMs = verdict.scored_at
  if (!verdict.settled) return keep({ scored, next: 'settle', sinceMs, tries: 0 }, sinceMs + settings.settleMs, docs)
  const ageMs = nowMs - sinceMs
  if (ageMs < REARM_MS) keep({ scored, next: 'recheck', sinceMs, tries: 0 }, sinceMs, docs)
  else if (ageMs < WATCH_MS) keep({ scored, next: 'drop', sinceMs, tries: 0 }, sinceMs + WATCH_MS, docs)
  else {
    docs.set(scored.event_id, null)
    docs.schedule(scored.event_id, null)
  }
}
