import { array, assert, bigInt, constantFrom, integer, oneof, property, record as recordOf } from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Progress } from '../../runtime/partition-state.ts'
import { createNames } from '../../runtime/names.ts'
import { think } from '../../runtime/think.ts'
import { codecs } from '../../schemas/codec.ts'
import type { LedgerEntry, ScoredEvent } from '../../schemas/records.generated.ts'
import { aBinding, aCatalog, aVerdict, chargeback, deposit, registration, revenue, scored, trade, UNIT, word } from './fixtures.ts'
import { createCommissionStep } from './step.ts'

const catalog = aCatalog([
  {
    validFromMs: 0,
    components: [
      { id: 'cpa', type: 'cpa', minDepositUnits: 50n * UNIT, amountUnits: 100n * UNIT, currency: 'USD' },
      { id: 'share', type: 'revshare', percentUnits: 25n * UNIT, currency: 'USD' },
      { id: 'lots', type: 'per_lot', amountUnits: 7n * UNIT, currency: 'USD' },
    ],
  },
  { id: 'deal-bob', affiliateId: 'bob', components: [{ id: 'cpa', type: 'cpa', minDepositUnits: 10n * UNIT, amountUnits: 30n * UNIT, currency: 'USD' }] },
])
const step = createCommissionStep(createNames(''), () => Promise.resolve(catalog))
const signals = { catalogs: new Map([[catalog.version, catalog]]) }

/** Runs the step over a log, cut into batches of the given size; answers every entry that was emitted, as bytes. */
function run(log: ScoredEvent[], batch = log.length || 1): { bytes: Buffer[]; entries: LedgerEntry[] } {
  const stored = new Map<string, string | null>()
  let progress: Progress = { applied: -1, logTimeMs: 0, source: null, outputOffset: 0 }
  const bytes: Buffer[] = []
  for (let at = 0; at < log.length; at += batch) {
    const records = log.slice(at, at + batch).map((event, i) => ({
      topic: 'scored-events',
      partition: 3,
      offset: at + i,
      timestampMs: 10_000 + at + i,
      key: null,
      headers: {},
      value: codecs.ScoredEvent.encode({ ...event, source_offset: at + i }),
    }))
    const inputs = records.map((entry) => step.parse(entry))
    const docs = new Map(inputs.flatMap((input) => step.keysOf(input)).map((key) => [key, stored.get(key) ?? null]))
    const thought = think(step, { records, inputs, signals }, { docs, due: [] }, progress)
    progress = thought.progress
    for (const [key, doc] of thought.changes.docs) stored.set(key, doc)
    bytes.push(...thought.outputs.map((output) => output.value))
  }
  return { bytes, entries: bytes.map((value) => codecs.LedgerEntry.decode(value)) }
}

/** Net by affiliate, component and account, without what nets to zero. */
function balances(entries: LedgerEntry[]): Record<string, bigint> {
  const net: Record<string, bigint> = {}
  for (const entry of entries) {
    if (entry.account === 'expense') continue
    const key = `${entry.affiliate_id}/${entry.component_id}/${entry.account}`
    net[key] = (net[key] ?? 0n) + entry.amount
  }
  return Object.fromEntries(
    Object.entries(net)
      .filter(([, amount]) => amount !== 0n)
      .sort(),
  )
}

const after = (...log: ScoredEvent[]) => balances(run(log).entries)
const reg = scored(registration())

describe('CPA', () => {
  it('is approved on the first deposit of at least the minimum, once', () => {
    expect(after(reg, scored(deposit('d1', 49n * UNIT)), scored(deposit('d2', 50n * UNIT)), scored(deposit('d3', 500n * UNIT)))).toEqual({
      'ann/cpa/approved': 100n * UNIT,
    })
  })
  it('does not count a deposit in another currency', () => {
    expect(after(reg, scored(deposit('d1', 500n * UNIT, { currency: 'EUR' })))).toEqual({})
  })
  it('moves to the next qualifying deposit when the earliest is charged back in full', () => {
    const { entries } = run([
      reg,
      scored(deposit('d1', 60n * UNIT)),
      scored(deposit('d2', 70n * UNIT, { occurred_at: 2_500 })),
      scored(chargeback('c1', 'd1', 60n * UNIT)),
    ])
    expect(balances(entries)).toEqual({ 'ann/cpa/approved': 100n * UNIT })
    expect(entries.at(-1)).toMatchObject({ event_id: 'd2', account: 'approved' })
  })
  it('is reversed when the only deposit is charged back by several chargebacks that sum to it', () => {
    expect(after(reg, scored(deposit('d1', 60n * UNIT)), scored(chargeback('c1', 'd1', 20n * UNIT)), scored(chargeback('c2', 'd1', 40n * UNIT)))).toEqual({})
  })
  it('stays when less than the deposit is charged back, or in another currency', () => {
    const kept = { 'ann/cpa/approved': 100n * UNIT }
    expect(after(reg, scored(deposit('d1', 60n * UNIT)), scored(chargeback('c1', 'd1', 60n * UNIT - 1n)))).toEqual(kept)
    expect(after(reg, scored(deposit('d1', 60n * UNIT)), scored(chargeback('c1', 'd1', 60n * UNIT, { currency: 'EUR' })))).toEqual(kept)
  })
  it('is reversed where it stands by a rejected verdict, and does not move to the next deposit', () => {
    const rejected = scored(deposit('d1', 60n * UNIT), { verdict: aVerdict('d1', { decision: 'reject' }) })
    expect(after(reg, rejected, scored(deposit('d2', 60n * UNIT, { occurred_at: 2_500 })))).toEqual({})
  })
})

describe('RevShare', () => {
  it('takes the highest revision of a day, whatever came first, and accrues a negative day', () => {
    const log = [
      reg,
      scored(revenue('r2', '2026-01-01', 2, 80n * UNIT)),
      scored(revenue('r1', '2026-01-01', 1, 100n * UNIT)),
      scored(revenue('n', '2026-01-02', 1, -40n * UNIT)),
    ]
    expect(after(...log)).toEqual({ 'ann/share/approved': 10n * UNIT })
  })
  it('rounds each day half-even at eight decimals before it is added', () => {
    expect(after(reg, scored(revenue('r1', '2026-01-01', 1, 2n)), scored(revenue('r2', '2026-01-02', 1, 6n)))).toEqual({ 'ann/share/approved': 2n })
  })
})

describe('per lot', () => {
  it('pays the closed lots times the amount', () => {
    expect(after(reg, scored(trade('t1', 150_000_000n)), scored(trade('t2', 1n)))).toEqual({ 'ann/lots/approved': 1_050_000_007n })
  })
})

describe('where the money stands', () => {
  const paid = (registrationVerdict: Parameters<typeof aVerdict>[1], ownVerdict: Parameters<typeof aVerdict>[1]) =>
    after(scored(registration(), { verdict: aVerdict('reg', registrationVerdict) }), scored(deposit('d1', 60n * UNIT), { verdict: aVerdict('d1', ownVerdict) }))
  it('is the worst of the settled verdicts of the registration and of the event', () => {
    expect(paid({}, {})).toEqual({ 'ann/cpa/approved': 100n * UNIT })
    expect(paid({ decision: 'review' }, {})).toEqual({ 'ann/cpa/pending': 100n * UNIT })
    expect(paid({ decision: 'review' }, { decision: 'hold' })).toEqual({ 'ann/cpa/held': 100n * UNIT })
    expect(paid({ decision: 'reject' }, {})).toEqual({})
  })
  it('is pending while a verdict is not settled', () => {
    expect(paid({}, { settled: false, revision: 1 })).toEqual({ 'ann/cpa/pending': 100n * UNIT })
  })
  it('follows a revised verdict', () => {
    const d1 = deposit('d1', 60n * UNIT)
    expect(after(reg, scored(d1), scored(d1, { verdict: aVerdict('d1', { decision: 'hold', revision: 3 }) }))).toEqual({ 'ann/cpa/held': 100n * UNIT })
  })
  it('obeys the latest word of the operator on the event, by event time', () => {
    const d1 = scored(deposit('d1', 60n * UNIT))
    expect(after(reg, d1, scored(word('w1', 'd1', 'rejected')))).toEqual({})
    expect(after(reg, d1, scored(word('w1', 'd1', 'held')))).toEqual({ 'ann/cpa/held': 100n * UNIT })
    expect(after(reg, d1, scored(word('w2', 'd1', 'approved', 5_000)), scored(word('w1', 'd1', 'rejected', 4_000)))).toEqual({
      'ann/cpa/approved': 100n * UNIT,
    })
  })
  it('is not lifted by approved above what the verdict allows', () => {
    const held = scored(deposit('d1', 60n * UNIT), { verdict: aVerdict('d1', { decision: 'hold' }) })
    expect(after(reg, held, scored(word('w1', 'd1', 'approved')))).toEqual({ 'ann/cpa/held': 100n * UNIT })
  })
  it('takes a word on the registration for every accrual of the player', () => {
    expect(after(reg, scored(deposit('d1', 60n * UNIT)), scored(trade('t1', UNIT)), scored(word('w1', 'reg', 'rejected')))).toEqual({})
  })
})

describe('a binding that is corrected', () => {
  it('takes the money from one affiliate and accrues it for the other, under his deal', () => {
    const later = aBinding({ affiliate_id: 'bob', event_id: 'reg0', bound_at: 900, source_offset: 5 })
    const log = [reg, scored(deposit('d1', 60n * UNIT)), scored(registration({ event_id: 'reg0', occurred_at: 900 }), { binding: later })]
    expect(after(...log)).toEqual({ 'bob/cpa/approved': 30n * UNIT })
  })
  it('is not undone by an older event that is passed on later', () => {
    const later = aBinding({ affiliate_id: 'bob', event_id: 'reg0', bound_at: 900, source_offset: 5 })
    const log = [reg, scored(registration({ event_id: 'reg0', occurred_at: 900 }), { binding: later }), scored(deposit('d1', 60n * UNIT))]
    expect(after(...log)).toEqual({ 'bob/cpa/approved': 30n * UNIT })
  })
  it('gives nothing to a player without an affiliate', () => {
    const none = aBinding({ affiliate_id: null, offer_id: null, evidence: 'none', reason: 'no_evidence' })
    expect(after(scored(registration(), { binding: none }), scored(deposit('d1', 60n * UNIT), { binding: none }))).toEqual({})
  })
})

describe('a parked or repeated event', () => {
  it('earns nothing before it is released, and nothing twice', () => {
    const d1 = deposit('d1', 60n * UNIT)
    expect(after(reg, scored(d1, { kind: 'parked', verdict: null }))).toEqual({})
    expect(after(reg, scored(d1), scored(d1), scored(d1, { kind: 'skip', verdict: null }))).toEqual({ 'ann/cpa/approved': 100n * UNIT })
  })
})

const amounts = bigInt({ min: 1n, max: 200n * UNIT })
const times = integer({ min: 1_000, max: 9_000 })
const facts = array(
  oneof(
    recordOf({ kind: constantFrom('deposit' as const), units: amounts, at: times, cur: constantFrom('USD', 'EUR') }),
    recordOf({ kind: constantFrom('chargeback' as const), units: amounts, at: times, ref: integer({ min: 0, max: 9 }) }),
    recordOf({ kind: constantFrom('revenue' as const), units: bigInt({ min: -100n * UNIT, max: 100n * UNIT }), day: integer({ min: 1, max: 3 }) }),
    recordOf({ kind: constantFrom('trade' as const), units: amounts }),
    recordOf({
      kind: constantFrom('word' as const),
      at: times,
      ref: integer({ min: -1, max: 9 }),
      status: constantFrom('pending', 'held', 'approved', 'rejected', 'reversed'),
    }),
  ),
  { maxLength: 10 },
)
const decisions = array(constantFrom('allow', 'review', 'hold', 'reject'), { minLength: 12, maxLength: 12 })

type Facts = typeof facts extends import('fast-check').Arbitrary<infer T> ? T : never

function eventsOf(list: Facts) {
  return list.map((fact, i) => {
    const id = `e${i}`
    const ref = (n: number) => (n < 0 ? 'reg' : `e${n}`)
    switch (fact.kind) {
      case 'deposit':
        return deposit(id, fact.units, { occurred_at: fact.at, currency: fact.cur })
      case 'chargeback':
        return chargeback(id, ref(fact.ref), fact.units, { occurred_at: fact.at })
      case 'revenue':
        // Revisions of a day are distinct, as the edge of attribution makes them.
        return revenue(id, `2026-01-0${fact.day}`, i + 1, fact.units)
      case 'trade':
        return trade(id, fact.units)
      case 'word':
        return word(id, ref(fact.ref), fact.status as 'held', fact.at)
    }
  })
}

/** Each event three times: provisional, settled, and settled again by a revision. */
function historyOf(list: Facts, verdicts: string[]): ScoredEvent[] {
  return [registration(), ...eventsOf(list)].flatMap((event, i) => [
    scored(event, { verdict: aVerdict(event.event_id, { settled: false, revision: 1 }) }),
    scored(event, { verdict: aVerdict(event.event_id, { revision: 2, decision: (verdicts[(i + 1) % 12] ?? 'allow') as 'allow' }) }),
    scored(event, { verdict: aVerdict(event.event_id, { revision: 3, decision: (verdicts[i % 12] ?? 'allow') as 'allow' }) }),
  ])
}

describe('over random histories', () => {
  it('any order and repetition of the same facts gives the same net balances', () => {
    assert(
      property(facts, decisions, integer({ min: 0, max: 1_000_000 }), (list, verdicts, seed) => {
        const log = historyOf(list, verdicts)
        const shuffled = [...log, ...log.slice(0, 5)].map((event, i) => ({ event, at: (seed * (i + 7)) % 1_009 })).sort((a, b) => a.at - b.at)
        expect(balances(run(shuffled.map(({ event }) => event)).entries)).toEqual(balances(run(log).entries))
      }),
      { numRuns: 300 },
    )
  })
  it('the same log gives byte-identical entries, however it is cut into batches', () => {
    assert(
      property(facts, decisions, integer({ min: 1, max: 7 }), (list, verdicts, batch) => {
        const log = historyOf(list, verdicts)
        expect(Buffer.concat(run(log, batch).bytes).equals(Buffer.concat(run(log).bytes))).toBe(true)
      }),
      { numRuns: 150 },
    )
  })
  it('every transaction sums to zero, and no entry id is used twice', () => {
    assert(
      property(facts, decisions, (list, verdicts) => {
        const { entries } = run(historyOf(list, verdicts))
        const sums = new Map<string, bigint>()
        for (const entry of entries) sums.set(entry.transaction_id, (sums.get(entry.transaction_id) ?? 0n) + entry.amount)
        expect([...sums.values()].every((sum) => sum === 0n)).toBe(true)
        expect(new Set(entries.map((entry) => entry.entry_id)).size).toBe(entries.length)
      }),
      { numRuns: 150 },
    )
  })
})
