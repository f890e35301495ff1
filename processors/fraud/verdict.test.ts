import { describe, expect, it } from 'vitest'
import { cleanSignals, floodedSignals, NOON_MS, testAttributed, testCatalog, testClick, testEvent } from './fixtures.ts'
import { claimOf } from './click-claim.ts'
import { clickKeys } from './fixtures.ts'
import { ruleIds } from './rules/registry.ts'
import { decisionOf, eventVerdict, judge, scoreOf } from './verdict.ts'
import { type FraudRuleId, type RuleMode, ruleOf } from '../../catalog/catalog.ts'
import { mintClickId } from '../../schemas/click-id.ts'

const DAY_MS = 86_400_000
const ruleSet = (modes: Partial<Record<FraudRuleId, RuleMode>> = {}) => ruleIds.map((id) => ruleOf(testCatalog(modes), id))
const fast = { event: testEvent({ occurred_at: NOON_MS + 500 }) }

describe('a score', () => {
  it('is zero without a reason and lets every reason take its share of the innocence that is left', () => {
    expect(scoreOf([])).toBe(0)
    const flood = judge(ruleSet(), floodedSignals(11), null, true)
    expect(flood).toMatchObject({ score: 55, decision: 'review' })
    const both = judge(ruleSet(), { ...floodedSignals(11), ...fast }, null, true)
    expect(both).toMatchObject({ score: 89, decision: 'hold' })
    const three = judge(ruleSet(), { ...floodedSignals(11), ...fast, claim: { state: 'forged' } }, null, true)
    expect(three).toMatchObject({ score: 98, decision: 'reject' })
    expect(three.reasons.map(({ rule_id }) => rule_id)).toEqual(['invalid-click', 'fast-conversion', 'ip-velocity'])
  })

  it('turns into a decision at 40, 70 and 90', () => {
    expect([0, 39, 40, 69, 70, 89, 90, 100].map(decisionOf)).toEqual(['allow', 'allow', 'review', 'review', 'hold', 'hold', 'reject', 'reject'])
  })

  it('gives each rule alone the decision that its page promises', () => {
    const alone = (signals: Parameters<typeof cleanSignals>[0]) => judge(ruleSet(), cleanSignals(signals), null, true).decision
    expect(alone({})).toBe('allow')
    expect(alone(fast)).toBe('hold')
    expect(alone({ externalId: { state: 'known', others: [{ occurredAtMs: NOON_MS }] } })).toBe('hold')
    expect(alone({ claim: { state: 'forged' } })).toBe('hold')
    expect(alone({ claim: { state: 'expired', ageMs: 31 * DAY_MS, windowMs: 30 * DAY_MS } })).toBe('review')
  })
})

describe('a rule that is not live', () => {
  it('in shadow is recorded and does not count', () => {
    const judged = judge(ruleSet({ 'fast-conversion': 'shadow' }), cleanSignals(fast), null, true)
    expect(judged).toMatchObject({ score: 0, decision: 'allow', completeness: 1 })
    expect(judged.reasons).toMatchObject([{ rule_id: 'fast-conversion', shadow: true }])
  })

  it('switched off says nothing', () => {
    expect(judge(ruleSet({ 'fast-conversion': 'off' }), cleanSignals(fast), null, true).reasons).toEqual([])
  })
})

describe('what is not known', () => {
  const blind = cleanSignals({ ip: { state: 'unknown', waiting: false } })

  it('lowers completeness, and then a settled verdict is a review at least', () => {
    const settled = judge(ruleSet(), blind, null, true)
    expect(settled.completeness).toBeCloseTo(2 / 3)
    expect(settled).toMatchObject({ score: 0, decision: 'review' })
    expect(judge(ruleSet(), blind, null, false).decision).toBe('allow')
    expect(judge(ruleSet(), { ...blind, ...fast }, null, true).decision).toBe('hold')
  })

  it('does not take back what an earlier verdict about the same facts had seen', () => {
    const earlier = eventVerdict(testAttributed(testEvent(), null), judge(ruleSet(), floodedSignals(11), null, true), {
      revision: 2,
      settled: true,
      scoredAtMs: NOON_MS,
    })
    expect(judge(ruleSet(), blind, earlier, true)).toMatchObject({ decision: 'review', score: 55, completeness: 1 })
  })

  it('of a rule that only watches leaves completeness alone', () => {
    expect(judge(ruleSet({ 'ip-velocity': 'shadow' }), blind, null, true)).toMatchObject({ completeness: 1, decision: 'allow' })
  })
})

describe('a claimed click id', () => {
  const claim = (clickId: string | null, given: Parameters<typeof testEvent>[0] = {}) =>
    claimOf(testAttributed(testEvent({ click_id: clickId, ...given }), null), clickKeys, testCatalog()).state

  it('is valid, forged, of an unknown link, of another brand, or expired', () => {
    const id = testClick().click_id
    expect(claim(id)).toBe('valid')
    expect(claim(`${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`)).toBe('forged')
    expect(claim('nonsense')).toBe('forged')
    expect(claim(mintClickId(clickKeys, { atMs: NOON_MS, linkNumber: 99, random26: 1 }))).toBe('unknown_link')
    expect(claim(mintClickId(clickKeys, { atMs: NOON_MS, linkNumber: 2, random26: 1 }))).toBe('unknown_link')
    expect(claim(id, { occurred_at: NOON_MS + 30 * DAY_MS })).toBe('valid')
    expect(claim(id, { occurred_at: NOON_MS + 30 * DAY_MS + 1 })).toBe('expired')
  })

  it('is judged on the event that binds, and only when one was sent', () => {
    expect(claim(null)).toBe('none')
    expect(claim('nonsense', { event_type: 'deposit' })).toBe('none')
    const first = testEvent({ player_id: 'click~x', event_type: 'deposit', click_id: 'x' })
    expect(claimOf(testAttributed(first, null), clickKeys, testCatalog()).state).toBe('forged')
  })
})
