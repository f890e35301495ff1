import { describe, expect, it } from 'vitest'
import { cleanSignals, floodedSignals, NOON_MS, settingsOf, testEvent } from '../fixtures.ts'
import { duplicateExternalId } from './duplicate-external-id.ts'
import { fastConversion } from './fast-conversion.ts'
import { invalidClick } from './invalid-click.ts'
import { ipVelocity, mostClicksAround } from './ip-velocity.ts'
import { ruleIds } from './registry.ts'
import { spanText } from './rule.ts'

const MINUTE_MS = 60_000
const HOUR_MS = 3_600_000
const DAY_MS = 86_400_000

describe('ip-velocity', () => {
  const settings = settingsOf('ip-velocity')

  it('allows exactly as many clicks as the class of the address may make, and not one more', () => {
    expect(ipVelocity.judge(floodedSignals(10), settings)).toBeNull()
    expect(ipVelocity.judge(floodedSignals(11), settings)).toMatchObject({
      rule_id: 'ip-velocity',
      rule_version: 3,
      observed: 11,
      threshold: 10,
      window_ms: HOUR_MS,
      n: 11,
      shadow: false,
      text: '11 clicks came from one residential IP address within 1 hour; 10 are allowed.',
    })
  })

  it('takes the bound of the class of the address', () => {
    const times: [number, number][] = [[NOON_MS, 4]]
    const judgeAs = (ipClass: 'hosting' | 'mobile') =>
      ipVelocity.judge(cleanSignals({ ip: { state: 'known', ipClass, clickedAtMs: NOON_MS, times } }), settings)
    expect(judgeAs('hosting')).toMatchObject({ threshold: 3, observed: 4 })
    expect(judgeAs('mobile')).toBeNull()
  })

  it('implicates a registration whose click came before the flood, in it, or after it', () => {
    const flood = Array.from({ length: 11 }, (_, i): [number, number] => [NOON_MS + i, 1])
    for (const clickedAtMs of [NOON_MS, NOON_MS + 5, NOON_MS + HOUR_MS - 1]) {
      const times = [...flood, [clickedAtMs, 1] as [number, number]]
      expect(ipVelocity.judge(cleanSignals({ ip: { state: 'known', ipClass: 'residential', clickedAtMs, times } }), settings)).not.toBeNull()
    }
  })

  it('does not add up clicks that no single window holds', () => {
    const times: [number, number][] = [
      [NOON_MS - HOUR_MS + 1, 6],
      [NOON_MS, 1],
      [NOON_MS + HOUR_MS - 1, 6],
    ]
    expect(mostClicksAround(times, NOON_MS, HOUR_MS)).toBe(7)
    expect(
      mostClicksAround(
        [
          [NOON_MS - HOUR_MS, 6],
          [NOON_MS, 1],
        ],
        NOON_MS,
        HOUR_MS,
      ),
    ).toBe(1)
  })

  it('counts the largest window whatever the order of the times', () => {
    const times: [number, number][] = [
      [NOON_MS + 30 * MINUTE_MS, 4],
      [NOON_MS - 40 * MINUTE_MS, 3],
      [NOON_MS, 1],
      [NOON_MS - 10 * MINUTE_MS, 2],
    ]
    expect(mostClicksAround(times, NOON_MS, HOUR_MS)).toBe(7)
    expect(mostClicksAround(times.toReversed(), NOON_MS, HOUR_MS)).toBe(7)
  })

  it('does not see where the windows are unknown', () => {
    const signals = cleanSignals({ ip: { state: 'unknown', waiting: true } })
    expect(ipVelocity.sees(signals)).toBe('unknown')
    expect(ipVelocity.judge(signals, settings)).toBeNull()
  })
})

describe('fast-conversion', () => {
  const settings = settingsOf('fast-conversion')
  const after = (tookMs: number) => cleanSignals({ event: testEvent({ occurred_at: NOON_MS + tookMs }) })

  it('allows exactly the least time and refuses a millisecond less', () => {
    expect(fastConversion.judge(after(3_000), settings)).toBeNull()
    expect(fastConversion.judge(after(2_999), settings)).toMatchObject({
      observed: 2_999,
      threshold: 3_000,
      n: 1,
      text: 'The registration came 2999 ms after the click; a person needs at least 3000 ms.',
    })
  })

  it('takes a registration before its click as too fast within the tolerance of the clocks, and not beyond', () => {
    expect(fastConversion.judge(after(-300_000), settings)).not.toBeNull()
    expect(fastConversion.judge(after(-300_001), settings)).toBeNull()
  })

  it('has nothing to look at without a click, or on an event that does not bind', () => {
    expect(fastConversion.sees(cleanSignals({ clickedAtMs: null }))).toBe('none')
    expect(fastConversion.sees(cleanSignals({ binds: false }))).toBe('none')
  })
})

describe('duplicate-external-id', () => {
  const settings = settingsOf('duplicate-external-id')
  const usedAt = (...times: number[]) =>
    cleanSignals({
      event: testEvent({ event_type: 'deposit', occurred_at: NOON_MS }),
      externalId: { state: 'known', others: times.map((occurredAtMs) => ({ occurredAtMs })) },
    })

  it('allows one player and refuses the second', () => {
    expect(duplicateExternalId.judge(usedAt(), settings)).toBeNull()
    expect(duplicateExternalId.judge(usedAt(NOON_MS + 5), settings)).toMatchObject({
      observed: 2,
      threshold: 1,
      window_ms: 90 * DAY_MS,
      n: 2,
      text: 'The external id of this deposit was used for 2 different players within 90 days; it may name one.',
    })
  })

  it('takes uses that are exactly the window apart and leaves those a millisecond farther, in both directions', () => {
    for (const sign of [1, -1]) {
      expect(duplicateExternalId.judge(usedAt(NOON_MS + sign * 90 * DAY_MS), settings)).not.toBeNull()
      expect(duplicateExternalId.judge(usedAt(NOON_MS + sign * (90 * DAY_MS + 1)), settings)).toBeNull()
    }
  })
})

describe('invalid-click', () => {
  const settings = settingsOf('invalid-click')

  it('says nothing about a valid claim or none', () => {
    expect(invalidClick.judge(cleanSignals(), settings)).toBeNull()
    expect(invalidClick.sees(cleanSignals({ claim: { state: 'none' } }))).toBe('none')
  })

  it('weighs an id that is not ours more than one that is too old', () => {
    const forged = invalidClick.judge(cleanSignals({ claim: { state: 'forged' } }), settings)
    const unknown = invalidClick.judge(cleanSignals({ claim: { state: 'unknown_link' } }), settings)
    const expired = invalidClick.judge(cleanSignals({ claim: { state: 'expired', ageMs: 31 * DAY_MS, windowMs: 30 * DAY_MS } }), settings)
    expect([forged, unknown, expired].map((reason) => reason && invalidClick.points(reason))).toEqual([80, 80, 45])
    expect(expired).toMatchObject({
      observed: 31 * DAY_MS,
      threshold: 30 * DAY_MS,
      text: 'The registration claims a click that was 31 days old; the offer allows 30 days.',
    })
  })
})

describe('every rule', () => {
  it('marks its reason when it only watches', () => {
    expect(ipVelocity.judge(floodedSignals(11), settingsOf('ip-velocity', 'shadow'))?.shadow).toBe(true)
  })

  it('is in the registry once', () => {
    expect(ruleIds.toSorted()).toEqual(['duplicate-external-id', 'fast-conversion', 'invalid-click', 'ip-velocity'])
  })
})

describe('the words of a reason', () => {
  it('name a span in the largest unit that fits', () => {
    expect([1, 999, 1_000, 90_000, HOUR_MS, 36 * HOUR_MS].map(spanText)).toEqual([
      '1 millisecond',
      '999 milliseconds',
      '1 second',
      '1.5 minutes',
      '1 hour',
      '1.5 days',
    ])
  })
})
