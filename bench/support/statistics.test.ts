import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { median, percentile, ratioSpread, slopeOf, spreadOf } from './statistics.ts'

const values = fc.array(fc.double({ min: -1e9, max: 1e9, noNaN: true }), { minLength: 1, maxLength: 200 })

describe('percentile', () => {
  it('is the nearest rank: of one hundred values the p99 is the ninety-ninth', () => {
    const hundred = Array.from({ length: 100 }, (_, index) => index + 1)
    expect([0.5, 0.99, 1, 0].map((share) => percentile(hundred, share))).toEqual([50, 99, 100, 1])
    expect(percentile([7], 0.99)).toBe(7)
    expect(percentile([], 0.5)).toBeNaN()
  })

  it('is a value of the list that at least that share does not exceed', () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, share) => {
        const sorted = list.toSorted((a, b) => a - b)
        const found = percentile(sorted, share)
        expect(sorted).toContain(found)
        expect(sorted.filter((value) => value <= found).length).toBeGreaterThanOrEqual(Math.floor(share * sorted.length))
      }),
    )
  })
})

describe('spread', () => {
  it('has the middle of an even number of values between the two in the middle', () => {
    expect(median([4, 1, 3, 2])).toBe(2.5)
    expect(spreadOf([5, 1, 3])).toEqual({ min: 1, median: 3, max: 5 })
    expect(spreadOf([]).median).toBeNaN()
  })

  it('does not depend on the order of the rounds', () => {
    fc.assert(
      fc.property(values, (list) => {
        expect(spreadOf(list.toReversed())).toEqual(spreadOf(list))
      }),
    )
  })
})

describe('ratio', () => {
  it('compares each round with the one beside it, so that a slow moment of the machine cancels out', () => {
    expect(ratioSpread([50, 10, 60], [100, 20, 100])).toEqual({ min: 0.5, median: 0.5, max: 0.6 })
  })

  it('of different numbers of rounds is refused', () => {
    expect(() => ratioSpread([1, 2], [1])).toThrow('2 rounds cannot be compared with 1')
  })
})

describe('slope', () => {
  it('of a straight line is the growth per unit, of a flat one zero', () => {
    expect(slopeOf([0, 1, 2, 3].map((x) => ({ x, y: 5 + 2 * x })))).toBeCloseTo(2)
    expect(slopeOf([0, 1, 2].map((x) => ({ x, y: 9 })))).toBe(0)
    expect(slopeOf([{ x: 1, y: 1 }])).toBeNaN()
  })
})
