import { describe, expect, it } from 'vitest'
import { createClickMarks, isCaughtUp, isCompleteSince } from './caught-up.ts'
import type { SlotMeta } from './windows.ts'

describe('the ends of the clicks', () => {
  it('stay the same for a deadline while the log grows, and are asked for after it', async () => {
    let end = 10
    let nowMs = 1_000
    const marks = createClickMarks({ watermarks: async () => ({ low: 0, high: end }) }, 'clicks', 2, () => nowMs)
    expect(await marks(900)).toEqual([10, 10])
    end = 20
    nowMs = 5_000
    expect(await marks(900)).toEqual([10, 10])
    expect(await marks(1_001)).toEqual([20, 20])
    expect(await marks(0)).toEqual([20, 20])
    end = 30
    nowMs = 6_000
    expect(await marks(0)).toEqual([30, 30])
  })

  it('are asked for again after an error', async () => {
    let broken = true
    const marks = createClickMarks({ watermarks: async () => (broken ? Promise.reject(new Error('away')) : { low: 0, high: 1 }) }, 'clicks', 1, () => 1_000)
    await expect(marks(500)).rejects.toThrow('away')
    broken = false
    expect(await marks(500)).toEqual([1])
  })
})

describe('a slot', () => {
  const slot = (next: [number, number][], sinceMs: [number, number][] = []): SlotMeta => ({
    next: new Map(next),
    sinceMs: new Map(sinceMs),
    externalIds: new Set(),
    token: null,
  })

  it('has caught up when it holds every partition up to its end; one that it knows nothing of it does not hold', () => {
    expect(
      isCaughtUp(
        slot([
          [0, 5],
          [1, 7],
        ]),
        [5, 7],
      ),
    ).toBe(true)
    expect(
      isCaughtUp(
        slot([
          [0, 5],
          [1, 6],
        ]),
        [5, 7],
      ),
    ).toBe(false)
    expect(isCaughtUp(slot([[0, 5]]), [5, 0])).toBe(false)
  })

  it('is complete from the time on from which all of its partitions are', () => {
    expect(
      isCompleteSince(
        slot(
          [],
          [
            [0, 0],
            [1, 900],
          ],
        ),
        900,
      ),
    ).toBe(true)
    expect(
      isCompleteSince(
        slot(
          [],
          [
            [0, 0],
            [1, 900],
          ],
        ),
        899,
      ),
    ).toBe(false)
  })
})
