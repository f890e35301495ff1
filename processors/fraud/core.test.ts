import { describe, expect, it } from 'vitest'
import { fold, type FraudSignals, inputFromRecord, keysOfInput, onDue, onRecord, WAIT_MS_MAX } from './core.ts'
import { cleanSignals, floodedSignals, NOON_MS, testAttributed, testCatalog, testClick, testEvent } from './fixtures.ts'
import { ruleIds } from './rules/registry.ts'
import type { EventSignals } from './rules/rule.ts'
import { ruleOf } from '../../catalog/catalog.ts'
import { docsOver, think } from '../../runtime/think.ts'
import { codecs } from '../../schemas/codec.ts'
import type { AttributedEvent, ScoredEvent } from '../../schemas/records.generated.ts'
import { tickEvent } from '../../schemas/tick.ts'

const SETTLE_MS = 2_000
const settings = { settleMs: SETTLE_MS, topic: (name: string) => name, onVerdict: () => {} }
const ruleSet = ruleIds.map((id) => ruleOf(testCatalog(), id))

/** The step in memory: one partition, one record a batch, signals as the test says. */
function runner() {
  const docs = new Map<string, string | null>()
  const due = new Map<string, number>()
  const outputs: ScoredEvent[] = []
  const deadLetters: string[] = []
  let progress = { applied: -1, logTimeMs: 0, source: null as { sourceOffset: number; index: number } | null, outputOffset: 0 }
  const step = {
    name: 'fraud',
    input: 'attributed-events',
    parse: inputFromRecord,
    keysOf: keysOfInput,
    source: (input: ReturnType<typeof inputFromRecord>) =>
      input.attributed === null ? null : { sourceOffset: input.attributed.source_offset, index: input.attributed.index },
    prepare: async () => new Map() as FraudSignals,
    onRecord: (input: ReturnType<typeof inputFromRecord>, context: Parameters<typeof onRecord>[1]) => onRecord(input, context, settings),
    onDue: (key: string, context: Parameters<typeof onDue>[1]) => onDue(key, context, settings),
    restore: { kind: 'replay-input' as const },
  }
  function take(attributed: AttributedEvent | Buffer, atMs: number, signals: Record<string, EventSignals> = {}): ScoredEvent[] {
    const value = Buffer.isBuffer(attributed) ? attributed : codecs.AttributedEvent.encode(attributed)
    const record = { topic: 'attributed-events', partition: 3, offset: progress.applied + 1, timestampMs: atMs, key: null, value, headers: {} }
    const input = inputFromRecord(record)
    const loaded = { docs: new Map<string, string | null>(), due: [...due].filter(([, at]) => at <= atMs).map(([key, at]) => ({ key, atMs: at })) }
    for (const key of [...keysOfInput(input), ...loaded.due.map(({ key }) => key)]) loaded.docs.set(key, docs.get(key) ?? null)
    const bySubject = new Map(Object.entries(signals).map(([id, found]) => [id, { ruleSet, signals: found }]))
    const thought = think(step, { records: [record], inputs: [input], signals: bySubject }, loaded, progress)
    for (const [key, doc] of thought.changes.docs) docs.set(key, doc)
    for (const [key, at] of thought.changes.due) {
      if (at === null) due.delete(key)
      else due.set(key, at)
    }
    progress = thought.progress
    const made = thought.outputs.filter(({ topic }) => topic === 'scored-events').map(({ value: bytes }) => codecs.ScoredEvent.decode(bytes))
    deadLetters.push(...thought.outputs.filter(({ topic }) => topic === 'dead-letters').map(({ value: bytes }) => bytes.toString()))
    outputs.push(...made)
    return made
  }
  return { take, docs, due, outputs, deadLetters }
}

const registration = (sourceOffset = 0) => {
  const click = testClick()
  return testAttributed(testEvent({ click_id: click.click_id }), click, { source_offset: sourceOffset })
}
const tick = (sourceOffset: number, refersTo: string | null = null): AttributedEvent => {
  const event = { ...tickEvent(3, NOON_MS), refers_to: refersTo }
  return { event_id: event.event_id, kind: 'tick', event, binding: null, click_state: 'none', click: null, source_offset: sourceOffset, index: 0 }
}

describe('an event', () => {
  it('gets a provisional verdict at once, and the settled one when log time has passed', () => {
    const run = runner()
    const event = registration()
    const [first] = run.take(event, NOON_MS, { [event.event_id]: cleanSignals() })
    expect(first).toMatchObject({ source_offset: 0, index: 0, verdict: { revision: 1, settled: false, decision: 'allow', scored_at: NOON_MS } })
    expect(run.take(tick(1), NOON_MS + SETTLE_MS - 1, { [event.event_id]: cleanSignals() })).toHaveLength(1)
    const [forwarded, settled] = run.take(tick(2), NOON_MS + SETTLE_MS, { [event.event_id]: cleanSignals() })
    expect(forwarded).toMatchObject({ index: 0, verdict: null, attributed: { kind: 'tick' } })
    expect(settled).toMatchObject({
      event_id: event.event_id,
      source_offset: 2,
      index: 1,
      verdict: { revision: 2, settled: true, decision: 'allow', completeness: 1 },
    })
    expect(settled?.verdict?.verdict_id).toBe(first?.verdict?.verdict_id)
  })

  it('is revised when a tick says that its signals have changed, once', () => {
    const run = runner()
    const event = registration()
    run.take(event, NOON_MS, { [event.event_id]: cleanSignals() })
    run.take(tick(1), NOON_MS + SETTLE_MS, { [event.event_id]: cleanSignals() })
    const [, revised] = run.take(tick(2, event.event_id), NOON_MS + 5_000, { [event.event_id]: floodedSignals(11) })
    expect(revised).toMatchObject({
      event_id: event.event_id,
      index: 1,
      verdict: { revision: 3, settled: true, decision: 'review', reasons: [{ rule_id: 'ip-velocity' }] },
    })
    expect(run.take(tick(3, event.event_id), NOON_MS + 6_000, { [event.event_id]: floodedSignals(15) })).toHaveLength(1)
  })

  it('that is unsettled is left alone by such a tick', () => {
    const run = runner()
    const event = registration()
    run.take(event, NOON_MS, { [event.event_id]: cleanSignals() })
    expect(run.take(tick(1, event.event_id), NOON_MS + 5, { [event.event_id]: floodedSignals(11) })).toHaveLength(1)
  })

  it('that comes again with another binding is judged anew under the same verdict id', () => {
    const run = runner()
    const event = registration()
    run.take(event, NOON_MS, { [event.event_id]: floodedSignals(11) })
    const again = { ...event, binding: null, source_offset: 1 }
    const [second] = run.take(again, NOON_MS + 10, { [event.event_id]: cleanSignals() })
    expect(second?.verdict).toMatchObject({ revision: 2, settled: false, reasons: [], affiliate_id: null })
  })
})

describe('windows that are not complete', () => {
  const waiting = cleanSignals({ ip: { state: 'unknown', waiting: true } })

  it('make the settled verdict wait, and it settles as soon as they are', () => {
    const run = runner()
    const event = registration()
    run.take(event, NOON_MS, { [event.event_id]: waiting })
    for (let n = 1; n <= 5; n++) expect(run.take(tick(n), NOON_MS + SETTLE_MS * n, { [event.event_id]: waiting })).toHaveLength(1)
    const [, settled] = run.take(tick(6), NOON_MS + SETTLE_MS * 20, { [event.event_id]: cleanSignals() })
    expect(settled?.verdict).toMatchObject({ settled: true, decision: 'allow', completeness: 1, revision: 2 })
  })

  it('give a review when they stay away, and an approval later when they come back', () => {
    const run = runner()
    const event = registration()
    run.take(event, NOON_MS, { [event.event_id]: waiting })
    const lateMs = NOON_MS + SETTLE_MS + WAIT_MS_MAX
    const [, settled] = run.take(tick(1), lateMs, { [event.event_id]: waiting })
    expect(settled?.verdict).toMatchObject({ settled: true, decision: 'review', score: 0, revision: 2 })
    expect(settled?.verdict?.completeness).toBeLessThan(1)
    // However often it looks while they are still being filled, it soon looks again.
    for (let look = 1; look <= 10; look++) expect(run.take(tick(1 + look), lateMs + look * 5_000, { [event.event_id]: waiting })).toHaveLength(1)
    const [, complete] = run.take(tick(12), lateMs + 55_000, { [event.event_id]: cleanSignals() })
    expect(complete?.verdict).toMatchObject({ decision: 'allow', completeness: 1, revision: 3 })
  })
})

describe('what is not an event', () => {
  it('is passed on without a verdict, parked, skipped, repeated or unreadable', () => {
    const run = runner()
    const parked = { ...registration(0), kind: 'parked' as const }
    expect(run.take(parked, NOON_MS)).toMatchObject([{ index: 0, verdict: null, attributed: { kind: 'parked' } }])
    expect(run.take({ ...registration(1), kind: 'skip' }, NOON_MS)).toMatchObject([{ verdict: null, attributed: { kind: 'skip' } }])
    expect(run.take({ ...registration(1) }, NOON_MS)).toMatchObject([{ verdict: null, attributed: { kind: 'skip' }, source_offset: 2 }])
    expect(run.take(Buffer.from('garbage'), NOON_MS)).toMatchObject([{ verdict: null, source_offset: 3, index: 0, attributed: { kind: 'skip' } }])
    expect(run.deadLetters).toEqual(['garbage'])
    expect(run.docs.size).toBe(0)
  })
})

describe('the state from the own output', () => {
  const asRecord = (scored: ScoredEvent, offset: number) => ({
    topic: 'scored-events',
    partition: 3,
    offset,
    timestampMs: scored.verdict?.scored_at ?? NOON_MS,
    key: null,
    value: codecs.ScoredEvent.encode(scored),
    headers: {},
  })

  it('is what it was: an unsettled verdict settles, a settled one is not made again', () => {
    const run = runner()
    const [one, two] = [registration(0), registration(1)]
    run.take(one, NOON_MS, { [one.event_id]: cleanSignals() })
    run.take(two, NOON_MS + 1_500, { [two.event_id]: cleanSignals() })
    run.take(tick(2), NOON_MS + SETTLE_MS, { [one.event_id]: cleanSignals() })

    const changes = { docs: new Map<string, string | null>(), due: new Map<string, number | null>() }
    const docs = docsOver(
      new Map([
        [one.event_id, null],
        [two.event_id, null],
      ]),
      changes,
      new Map(),
    )
    const folded = run.outputs.map((scored, offset) => fold(asRecord(scored, offset), docs, settings, NOON_MS + 3_000))
    expect(folded.at(-1)).toEqual({ applied: 2, source: null })
    expect(folded[2]).toEqual({ applied: 2, source: { sourceOffset: 2, index: 0 } })
    expect(changes.due.get(two.event_id)).toBe(NOON_MS + 1_500 + SETTLE_MS)
    expect(JSON.parse(changes.docs.get(two.event_id) ?? '')).toMatchObject({ next: 'settle' })
    // Looked at once more, since the watch on its window may have been lost with Redis.
    expect(JSON.parse(changes.docs.get(one.event_id) ?? '')).toMatchObject({ next: 'recheck' })
  })
})
