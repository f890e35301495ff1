import fc from 'fast-check'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { NOON_MS, testAttributed, testClick, testEvent } from '../../processors/fraud/fixtures.ts'
import { createFindClicks } from '../../processors/fraud/find-clicks.ts'
import { WindowsLostError } from '../../processors/fraud/windows.ts'
import { createNames } from '../../runtime/names.ts'
import { createPackedBuckets } from '../../runtime/packed-buckets.ts'
import { OPEN_CLICK_FAMILY, packOpenClick } from '../../schemas/open-click.ts'
import type { AttributedEvent, Click } from '../../schemas/records.generated.ts'
import { testServices, uniqueNamespace } from '../support/services.ts'
import { createFraudWorld, type FraudWorld, WORLD_SETTLE_MS } from './fraud-world.ts'

const HOUR_MS = 3_600_000
let redis: Redis

beforeAll(() => {
  redis = new Redis(testServices().redisUrl)
})
afterAll(() => redis.disconnect())

const newWorld = () => createFraudWorld(redis, uniqueNamespace())
const flood = (clicks: number, given: Partial<Click> = {}) =>
  Array.from({ length: clicks }, (_, i) => testClick({ occurred_at: NOON_MS + i * 1_000, ...given }))
const registrationOf = (click: Click, player: string, given: Parameters<typeof testEvent>[0] = {}) =>
  testAttributed(testEvent({ player_id: player, click_id: click.click_id, occurred_at: click.occurred_at + 60_000, ...given }), click)
const only = (world: FraudWorld, attributed: AttributedEvent) => world.latest().get(attributed.event_id)

async function keysOf(world: FraudWorld, holding: string): Promise<string[]> {
  return (await redis.keys(`${world.namespace}:*`)).filter((key) => key.includes(holding))
}

async function wipe(world: FraudWorld): Promise<void> {
  const keys = await keysOf(world, '{f')
  if (keys.length > 0) await redis.del(keys)
}

describe('the windows', () => {
  it('count a click once, whether its batch or the click itself comes again', async () => {
    const world = await newWorld()
    const clicks = flood(10)
    for (const click of clicks) world.click(0, click)
    await world.applyClicks(0)
    await world.applyClicks(0, 0)
    await world.applyClicks(0, 4)
    world.click(5, clicks[3]!)
    const registration = registrationOf(clicks[0]!, 'p1')
    world.attribute(1, registration)
    await world.quiesce()
    expect(world.clickVerdicts).toEqual([])
    expect(only(world, registration)).toMatchObject({ settled: true, decision: 'allow', completeness: 1, reasons: [] })
  })

  it('leave out test clicks', async () => {
    const world = await newWorld()
    for (const click of [...flood(10), ...flood(5, { is_test: true })]) world.click(0, click)
    await world.quiesce()
    expect(world.clickVerdicts).toEqual([])
  })

  it('give a verdict to each click from the eleventh on, the same one again on redelivery', async () => {
    const world = await newWorld()
    const clicks = flood(13)
    for (const click of clicks) world.click(0, click)
    await world.applyClicks(0)
    expect(world.clickVerdicts.map(({ subject_id }) => subject_id)).toEqual(clicks.slice(10).map(({ click_id }) => click_id))
    expect(world.clickVerdicts.at(-1)).toMatchObject({ subject_type: 'click', decision: 'review', settled: true, completeness: 1, reasons: [{ observed: 13 }] })
    const first = [...world.clickVerdicts]
    world.clickVerdicts.length = 0
    await world.applyClicks(0, 0)
    expect(world.clickVerdicts).toEqual(first)
  })

  it('hold clicks far beyond what is kept one by one', async () => {
    const world = await newWorld()
    const clicks = Array.from({ length: 1_500 }, (_, i) => testClick({ occurred_at: NOON_MS + i * 100 }))
    for (const click of clicks) world.click(0, click)
    const registration = registrationOf(clicks[700]!, 'p1')
    world.attribute(1, registration)
    await world.quiesce()
    expect(only(world, registration)?.reasons[0]).toMatchObject({ rule_id: 'ip-velocity', observed: 1_500 })
  })

  it('refuse a batch that leaves a hole, and one after a wipe', async () => {
    const world = await newWorld()
    for (const click of flood(4)) world.click(0, click)
    await expect(world.applyClicks(0, 2)).rejects.toThrow(WindowsLostError)
    await wipe(world)
    await expect(world.applyClicks(0, 0)).rejects.toThrow(WindowsLostError)
  })

  it('forget nothing that passed its limit when a bucket boundary divides it', async () => {
    const world = await newWorld()
    const clicks = Array.from({ length: 12 }, (_, i) => testClick({ occurred_at: NOON_MS - 6_000 + i * 1_000 }))
    for (const [i, click] of clicks.entries()) world.click(i, click)
    await world.quiesce(1)
    const ttls = await Promise.all((await keysOf(world, ':ip:')).map((key) => redis.pttl(key)))
    expect(ttls.filter((ttl) => ttl > 30 * 24 * HOUR_MS).length).toBeGreaterThanOrEqual(2)
  })
})

describe('a settled verdict', () => {
  it('waits until every click in the log is in the windows', async () => {
    const world = await newWorld()
    const [click] = flood(1)
    world.click(0, click!)
    const registration = registrationOf(click!, 'p1')
    world.attribute(1, registration)
    await world.runLane(1)
    for (let n = 0; n < 5; n++) {
      world.pass(WORLD_SETTLE_MS)
      world.attribute(1, { ...registrationOf(click!, 'p2'), kind: 'skip' })
      await world.runLane(1)
    }
    expect(only(world, registration)).toMatchObject({ settled: false, revision: 1 })
    await world.quiesce()
    expect(only(world, registration)).toMatchObject({ settled: true, revision: 2, decision: 'allow' })
  })

  it('is revised when the flood comes after it', async () => {
    const world = await newWorld()
    const clicks = flood(11)
    world.click(0, clicks[0]!)
    const registration = registrationOf(clicks[0]!, 'p1')
    world.attribute(1, registration)
    await world.quiesce()
    expect(only(world, registration)).toMatchObject({ settled: true, decision: 'allow' })
    for (const click of clicks.slice(1, 10)) world.click(3, click)
    await world.quiesce()
    expect(only(world, registration)).toMatchObject({ decision: 'allow', revision: 2 })
    world.click(7, clicks[10]!)
    await world.quiesce()
    expect(only(world, registration)).toMatchObject({ decision: 'review', settled: true, revision: 3, reasons: [{ rule_id: 'ip-velocity', observed: 11 }] })
  })

  it('of the first player is revised when a second one in another partition brings the same external id', async () => {
    const world = await newWorld()
    const deposit = (player: string) => testAttributed(testEvent({ player_id: player, event_type: 'deposit', external_event_id: 'tx-1' }), null)
    const [first, second] = [deposit('p1'), deposit('p2')]
    world.attribute(1, first)
    await world.quiesce()
    expect(only(world, first)).toMatchObject({ settled: true, decision: 'allow' })
    world.attribute(9, second)
    await world.quiesce()
    for (const event of [first, second])
      expect(only(world, event)).toMatchObject({ settled: true, decision: 'hold', reasons: [{ rule_id: 'duplicate-external-id', observed: 2 }] })
  })

  it('about a click that nobody has stored is a review until the click turns up', async () => {
    const world = await newWorld()
    const [click] = flood(1)
    const registration = {
      ...registrationOf(click!, 'p1'),
      click: { ...click!, ip_hash: '', ip_class: 'unknown' as const },
      click_state: 'reconstructed' as const,
    }
    world.attribute(1, registration)
    await world.quiesce()
    expect(only(world, registration)).toMatchObject({ settled: true, decision: 'review', score: 0 })
    expect(only(world, registration)?.completeness).toBeLessThan(1)
    world.click(0, click!)
    world.openClicks.set(click!.click_id, click!)
    world.pass(3 * HOUR_MS)
    await world.quiesce()
    expect(only(world, registration)).toMatchObject({ decision: 'allow', completeness: 1 })
  })
})

describe('after Redis was wiped', () => {
  it('nothing is approved before the windows are full again, and then the same verdicts come', async () => {
    const world = await newWorld()
    const clicks = flood(11)
    for (const click of clicks) world.click(0, click)
    await world.applyClicks(0)
    await wipe(world)
    const flooded = registrationOf(clicks[5]!, 'p1')
    const honestClick = testClick({ ip_hash: '00000000000000cc' })
    world.click(0, honestClick)
    const honest = registrationOf(honestClick, 'p2', { external_event_id: 'reg-2' })
    world.attribute(1, flooded)
    world.attribute(2, honest)
    for (let n = 0; n < 4; n++) {
      for (const lane of [1, 2]) {
        world.attribute(lane, { ...honest, kind: 'skip' })
        await world.runLane(lane)
      }
      world.pass(WORLD_SETTLE_MS)
    }
    expect(world.scored.filter(({ verdict }) => verdict?.settled)).toEqual([])
    await world.beginClicks()
    for (let partition = 0; partition < 12; partition++) await world.applyClicks(partition, 0)
    for (let partition = 0; partition < 12; partition++) await world.windows.fillExternalIds(partition, 'again', async () => {})
    await world.quiesce()
    expect(only(world, flooded)).toMatchObject({ settled: true, decision: 'review' })
    expect(only(world, honest)).toMatchObject({ settled: true, decision: 'allow', completeness: 1 })
  })

  it('a wipe while the external ids are filled does not pass for a full set', async () => {
    const world = await newWorld()
    await wipe(world)
    await world.windows.fillExternalIds(0, 'token', () => wipe(world))
    expect((await world.windows.meta()).some(({ externalIds }) => externalIds.has(0))).toBe(false)
  })
})

describe('any order and any repetition', () => {
  type Fact = { kind: 'click'; partition: number; click: Click } | { kind: 'event'; partition: number; attributed: AttributedEvent }

  /** A little traffic: some IPs that click too much, registrations behind them, deposits that share ids. */
  const traffic = fc.record({
    clicks: fc.array(fc.record({ ip: fc.nat(2), atMin: fc.nat(100), partition: fc.nat(11) }), { minLength: 5, maxLength: 40 }),
    registrations: fc.array(fc.record({ click: fc.nat(39), tookMs: fc.constantFrom(1_000, 5_000) }), { minLength: 1, maxLength: 5 }),
    deposits: fc.array(fc.record({ player: fc.nat(4), id: fc.nat(3) }), { maxLength: 5 }),
  })
  const factsOf = (given: typeof traffic extends fc.Arbitrary<infer T> ? T : never): Fact[] => {
    const clicks = given.clicks.map(({ ip, atMin, partition }) => ({
      kind: 'click' as const,
      partition,
      click: testClick({ ip_hash: `00000000000000${ip}0`, ip_class: 'hosting', occurred_at: NOON_MS + atMin * 60_000 }),
    }))
    const registrations = given.registrations.map(({ click, tookMs }, n) => {
      const { click: through } = clicks[click % clicks.length]!
      return { kind: 'event' as const, partition: n, attributed: registrationOf(through, `p${n}`, { occurred_at: through.occurred_at + tookMs }) }
    })
    const uses = new Map(given.deposits.map(({ player, id }) => [`${player}.${id}`, { player, id }]))
    const deposits = [...uses.values()].map(({ player, id }) => ({
      kind: 'event' as const,
      partition: player,
      attributed: testAttributed(testEvent({ player_id: `p${player}`, event_type: 'deposit', external_event_id: `tx-${id}` }), null),
    }))
    return [...clicks, ...registrations, ...deposits]
  }

  async function verdictsAfter(facts: Fact[], order: number[], disturb: number[]): Promise<object> {
    const world = await newWorld()
    for (const [n, i] of order.entries()) {
      const fact = facts[i]!
      if (fact.kind === 'click') {
        world.click(fact.partition, fact.click)
        if (disturb[n]! % 3 !== 0) await world.applyClicks(fact.partition)
        if (disturb[n]! % 5 === 0) await world.applyClicks(fact.partition, 0)
        if (disturb[n]! % 7 === 0) world.click((fact.partition + 1) % 12, fact.click)
      } else {
        world.attribute(fact.partition, fact.attributed)
        if (disturb[n]! % 3 === 0) await world.runLane(fact.partition, true)
        if (disturb[n]! % 2 === 0) await world.runLane(fact.partition)
      }
      if (disturb[n]! % 11 === 0) await world.quiesce(1)
      world.pass(disturb[n]! * 10)
    }
    await world.quiesce()
    return Object.fromEntries(
      [...world.latest()]
        .map(([id, { settled, decision, score, completeness, reasons }]) => [
          id,
          { settled, decision, score, completeness, rules: reasons.map(({ rule_id }) => rule_id) },
        ])
        .sort(),
    )
  }

  it('of clicks and events gives equal settled verdicts once all has arrived', async () => {
    await fc.assert(
      fc.asyncProperty(traffic, fc.infiniteStream(fc.nat(200)), fc.infiniteStream(fc.nat()), async (given, disturbances, shuffles) => {
        const facts = factsOf(given)
        const quiet = facts.map((_, i) => i)
        const shuffled = quiet
          .map((i) => [i, shuffles.next().value] as const)
          .sort((a, b) => a[1] - b[1])
          .map(([i]) => i)
        const noise = facts.map(() => disturbances.next().value)
        const undisturbed = await verdictsAfter(
          facts,
          quiet,
          quiet.map(() => 1),
        )
        expect(await verdictsAfter(facts, shuffled, noise)).toEqual(undisturbed)
        expect(Object.values(undisturbed).every(({ settled }: { settled: boolean }) => settled)).toBe(true)
      }),
      { numRuns: 12 },
    )
  })
})

describe('a bound click that had not arrived', () => {
  it('is found among the open clicks; while these are read again it may still come', async () => {
    const names = createNames(uniqueNamespace())
    const find = createFindClicks(redis, names)
    const [stored, absent] = flood(2)
    const packed = packOpenClick(stored!)!
    await createPackedBuckets(redis, names, OPEN_CLICK_FAMILY).put([packed], (bucketMs) => bucketMs + 10 * 365 * 24 * HOUR_MS)
    expect((await find([stored!.click_id])).get(stored!.click_id)).toMatchObject({ ip_hash: stored!.ip_hash, ip_class: 'residential', occurred_at: NOON_MS })
    expect((await find([absent!.click_id])).get(absent!.click_id)).toBe('filling')
    for (let partition = 0; partition < 12; partition++) await redis.set(names.redis(`${OPEN_CLICK_FAMILY}:filled:${partition}`), 'filled')
    expect((await find([absent!.click_id])).size).toBe(0)
    expect((await find(['no click id'])).size).toBe(0)
  })
})
