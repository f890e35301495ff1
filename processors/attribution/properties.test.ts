import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inBatches, runStep, type StepRun } from '../../test/support/run-step.ts'
import type { PlayerEvent } from '../../schemas/records.generated.ts'
import {
  anEvent,
  type Arrival,
  chargeback,
  clickId,
  createStep,
  deposit,
  forgedClickId,
  logFrom,
  outcomeOf,
  PARK_MS,
  registration,
  revenue,
  T0,
  tick,
  word,
} from './fixtures.ts'

const RUNS = 200
const TIMEOUT_MS = 60_000
const click = clickId(1, T0 - 1_000)
const clickPlayer = { player_id: `click~${click}`, click_id: click }
const ids = ['a', 'b', 'c', 'd']

type Fields = Partial<PlayerEvent>
const occurredAt = fc.integer({ min: -5, max: 5 }).map((offset) => T0 + offset)
const evidence: fc.Arbitrary<Fields> = fc.constantFrom<Fields[]>(
  {},
  { click_id: clickId(1, T0 - 9) },
  { click_id: clickId(2, T0 - 9) },
  { click_id: forgedClickId(T0) },
  { promo_code: 'VIP' },
  { promo_code: 'PLAIN' },
  { promo_code: 'NOPE' },
)
const testFlag = fc.integer({ min: 0, max: 9 }).map((n) => n === 0)

/** Facts of one player; `owner` says whether he is a player or a click. */
const anyFact = (owner: Fields): fc.Arbitrary<PlayerEvent> =>
  fc
    .record({
      kind: fc.integer({ min: 0, max: 5 }),
      id: fc.constantFrom(...ids),
      to: fc.constantFrom(...ids, 'z'),
      at: occurredAt,
      ev: evidence,
      eur: fc.boolean(),
      revision: fc.integer({ min: 1, max: 3 }),
      test: testFlag,
    })
    .map(({ kind, id, to, at, ev, eur, revision, test }) => {
      const fields: Fields = { occurred_at: at, is_test: test, ...owner }
      const currency = eur ? 'EUR' : 'USD'
      if (kind === 0) return registration({ external_event_id: id, ...ev, ...fields })
      if (kind === 1) return deposit(id, { currency, ...fields })
      if (kind === 2) return chargeback(id, to, fields)
      if (kind === 3) return word(id, to, fields)
      if (kind === 4) return revenue(id, revision, { currency, ...fields })
      return anEvent({ event_type: 'trade_closed', external_event_id: id, lots: 100n, instrument: 'X', account_type: 's', ...fields })
    })

/** Without conflicts: an identity has one content, and a revenue report one id. */
const withoutConflicts = (facts: PlayerEvent[]) => {
  const taken = new Set<string>()
  return facts.filter((fact) => {
    const keys = [`${fact.event_type}/${fact.external_event_id}/${fact.period}/${fact.currency}/${fact.revision}/${fact.is_test}`]
    if (fact.event_type === 'revenue_reported') keys.push(`revenue/${fact.currency}/${fact.revision}/${fact.is_test}`)
    else keys[0] = `${fact.event_type}/${fact.external_event_id}/${fact.is_test}`
    if (keys.some((key) => taken.has(key))) return false
    for (const key of keys) taken.add(key)
    return true
  })
}

const history = fc.constantFrom<Fields[]>({}, clickPlayer).chain((owner) => fc.array(anyFact(owner), { minLength: 1, maxLength: 14 }).map(withoutConflicts))

/** The same facts in two orders, each with repetitions of its own, all within the parking time; then time passes. */
const twoOrders = history.chain((facts) => {
  const order = fc
    .tuple(fc.shuffledSubarray(facts, { minLength: facts.length }), fc.array(fc.nat({ max: facts.length - 1 }), { maxLength: 6 }))
    .map(([first, again]) => [...first, ...again.map((i) => facts[i]!)])
  return fc.tuple(fc.constant(facts), order, order)
})

const arrivalsOf = (facts: PlayerEvent[]): Arrival[] => [
  ...facts.map((event, i) => ({ at: Math.floor((i * PARK_MS) / (facts.length + 1)), event })),
  { at: 5 * PARK_MS, event: tick(T0) },
]

async function run(arrivals: Arrival[], sizes: number[] = [arrivals.length]) {
  return runStep(createStep(), inBatches(logFrom(arrivals), sizes))
}

describe('convergence', () => {
  it('any order and repetition of the same facts within the parking time gives equal bindings and dispositions', { timeout: TIMEOUT_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(twoOrders, async ([facts, one, two]) => {
        const [a, b] = [await finalOf(arrivalsOf(one), facts), await finalOf(arrivalsOf(two), facts)]
        expect(a).toEqual(b)
      }),
      { numRuns: RUNS },
    )
  })

  async function finalOf(arrivals: Arrival[], facts: PlayerEvent[]) {
    const outcome = outcomeOf((await run(arrivals)).outputs)
    const binding = outcome.binding(facts[0]!.player_id)
    const { binding_id: _id, source_offset: _offset, index: _index, ...content } = binding ?? { binding_id: '', source_offset: 0, index: 0 }
    // Which of several facts ran out of time first is a matter of order; that nobody is bound is not.
    const decided = binding?.reason.endsWith('_missing') ? { reason: 'missing' } : content
    return { decided, said: facts.map((fact) => outcome.said(fact)) }
  }
})

/** Anything: conflicts, bytes that cannot be read, long silences. */
const anyArrivals = fc
  .array(
    fc.record({
      gap: fc.constantFrom(0, 1, 500, PARK_MS - 1, PARK_MS, PARK_MS + 1),
      what: fc.oneof(
        { weight: 8, arbitrary: anyFact({}).map((event) => ({ event })) },
        { weight: 4, arbitrary: anyFact(clickPlayer).map((event) => ({ event })) },
        { weight: 2, arbitrary: anyFact({ player_id: 'p2' }).map((event) => ({ event })) },
        { weight: 1, arbitrary: fc.constant({ event: tick(T0) }) },
        { weight: 1, arbitrary: fc.uint8Array({ maxLength: 20 }).map((bytes) => ({ bytes: Buffer.from(bytes) })) },
      ),
    }),
    { minLength: 1, maxLength: 25 },
  )
  .map((steps) => {
    let at = 0
    return steps.map(({ gap, what }): Arrival => ({ at: (at += gap), ...what }))
  })

/** Every byte that was said, and everything that is kept. */
function textOf({ outputs, docs, due, progress }: StepRun): string {
  const said = outputs.map((output) => ({ ...output, value: output.value.toString('base64') }))
  return JSON.stringify([said, [...docs].sort(), [...due].sort(), progress])
}

describe('any log', () => {
  it('gives the same bytes and the same documents however it is cut into batches, and when it is run again', { timeout: TIMEOUT_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(anyArrivals, fc.array(fc.integer({ min: 1, max: 7 }), { minLength: 1, maxLength: 5 }), async (arrivals, sizes) => {
        expect(textOf(await run(arrivals, sizes))).toBe(textOf(await run(arrivals)))
      }),
      { numRuns: RUNS },
    )
  })

  it('gives every receipt exactly one final disposition once its time has passed, and every input its place downstream', { timeout: TIMEOUT_MS }, async () => {
    await fc.assert(
      fc.asyncProperty(anyArrivals, async (arrivals) => {
        const end: Arrival = { at: (arrivals.at(-1)?.at ?? 0) + 2 * PARK_MS, event: tick(T0) }
        const outcome = outcomeOf((await run([...arrivals, end])).outputs)
        const events = arrivals.flatMap((arrival) => ('event' in arrival && arrival.event.event_type !== 'tick' ? [arrival.event] : []))
        for (const event of events) expect(outcome.said(event)).toMatch(/^(applied|unattributed|conflict|filtered)\b/)
        expect(new Set(outcome.dispositions.map(({ disposition_id }) => disposition_id)).size).toBe(outcome.dispositions.length)

        const counted = events.filter((event) => /^(applied|unattributed)/.test(outcome.said(event) ?? ''))
        const facts = Map.groupBy(
          outcome.attributed.filter(({ kind }) => kind === 'event'),
          ({ event_id }) => event_id,
        )
        for (const { event_id } of counted) expect(facts.get(event_id)).toHaveLength(1)
        for (const list of facts.values()) expect(list).toHaveLength(1)

        const places = Map.groupBy(outcome.attributed, ({ source_offset }) => source_offset)
        for (let offset = 0; offset <= arrivals.length; offset++) {
          expect(places.get(offset)?.map(({ index }) => index)).toEqual([...(places.get(offset) ?? [null]).keys()])
        }
      }),
      { numRuns: RUNS },
    )
  })
})
