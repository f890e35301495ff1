import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { endOf, METADATA_BYTES_MAX, metadataFromText, type Plan, planFromRanges, type PlanRange, textFromPlan, textFromSeen, tokenOf } from './plan.ts'
import { START } from './position.ts'

const position = fc.record({ sourceOffset: fc.nat(), index: fc.nat(1_000) })
const range: fc.Arbitrary<PlanRange> = fc
  .record({
    partition: fc.nat(99),
    from: fc.nat(),
    count: fc.integer({ min: 1, max: 20_000 }),
    sinceMs: fc.nat(2 ** 42),
    seen: fc.option(fc.oneof(position, fc.constant(START))),
  })
  .map(({ count, ...rest }) => ({ ...rest, to: rest.from + count }))
const plan: fc.Arbitrary<Plan> = fc.record({ topic: fc.constantFrom('clicks', 'x.scored-events'), ranges: fc.array(range, { minLength: 1, maxLength: 12 }) })
const example: Plan = {
  topic: 'clicks',
  ranges: [
    { partition: 0, from: 10, to: 20, sinceMs: 1_763_900_000_000, seen: null },
    { partition: 1, from: 5, to: 9, sinceMs: 7, seen: { sourceOffset: 12, index: 0 } },
  ],
}

describe('the text of a plan', () => {
  it('names the ranges of all partitions', () => {
    expect(textFromPlan(example)).toBe('w1 plan clicks 0:10-20~1763900000000,1:5-9~7@12.0')
  })

  it('is read back as it was written', () => {
    fc.assert(
      fc.property(plan, (value) => void expect(metadataFromText(textFromPlan(value))).toEqual({ kind: 'plan', plan: value, text: textFromPlan(value) })),
    )
    fc.assert(fc.property(position, (seen) => void expect(metadataFromText(textFromSeen(seen))).toEqual({ kind: 'seen', seen })))
    expect(metadataFromText('')).toEqual({ kind: 'none' })
    expect(metadataFromText(textFromSeen(START))).toEqual({ kind: 'seen', seen: START })
  })

  it.each([
    'x',
    'w1 plan',
    'w1 plan clicks',
    'w1 plan clicks 0:1-2',
    'w1 plan clicks 0:2-2~1',
    'w1 plan clicks 0:1-2~1@x',
    'w1 plan clicks 0:1-2~1 y',
    'w1 seen 1',
    'w2 seen 1.0',
  ])('that is none of ours stops the sink: %s', (text) => expect(() => metadataFromText(text)).toThrow(/cannot be read/))

  it('of a full deployment fits the metadata of a commit', () => {
    const wide = Array.from({ length: 12 }, (_, partition) => ({
      partition,
      from: 1e15,
      to: 1e15 + 9,
      sinceMs: 1e13,
      seen: { sourceOffset: 1e15, index: 1e6 },
    }))
    expect(textFromPlan({ topic: 'twenty_characters_ns.attributed-events', ranges: wide }).length).toBeLessThan(METADATA_BYTES_MAX)
  })
})

describe('planFromRanges', () => {
  it('takes as many ranges as the metadata holds and at least one', () => {
    fc.assert(
      fc.property(plan, fc.integer({ min: 1, max: 400 }), ({ topic, ranges }, bytesMax) => {
        const cut = planFromRanges(topic, ranges, bytesMax)
        expect(ranges.slice(0, cut.ranges.length)).toEqual(cut.ranges)
        expect(cut.ranges.length).toBeGreaterThan(0)
        if (cut.ranges.length > 1) expect(textFromPlan(cut).length).toBeLessThanOrEqual(bytesMax)
      }),
    )
  })
})

describe('tokenOf', () => {
  it('is the same for the same plan and cut, and another for anything else', () => {
    const copy: Plan = structuredClone(example)
    expect(tokenOf(copy, '2026-11')).toBe(tokenOf(example, '2026-11'))
    const others = [
      tokenOf(example, '2026-12'),
      tokenOf({ ...example, topic: 'ledger' }, '2026-11'),
      tokenOf({ ...example, ranges: example.ranges.slice(0, 1) }, '2026-11'),
    ]
    const [first] = example.ranges
    if (first !== undefined) others.push(tokenOf({ ...example, ranges: [{ ...first, sinceMs: 8 }] }, '2026-11'))
    expect(new Set([...others, tokenOf(example, '2026-11')]).size).toBe(others.length + 1)
  })
})

it('endOf: where the plan ends in a partition', () => {
  expect(endOf(example, 1)).toBe(9)
  expect(endOf(example, 2)).toBeUndefined()
})
