import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { loadCatalog } from '../../catalog/load-catalog.ts'
import { planBatch } from './batch-plan.ts'
import type { FraudKind, PlannedMessage } from './message.ts'
import { planTraffic } from './plan.ts'
import { frauds } from './frauds/all.ts'
import { worldFromCatalog } from './world.ts'

const endMs = Date.UTC(2026, 5, 10, 12)

function demoWorld() {
  const catalog = loadCatalog(join(import.meta.dirname, '..', '..', 'catalog'))
  const world = Array.isArray(catalog) ? null : worldFromCatalog(catalog)
  if (world === null) throw new Error('the demo catalog cannot be simulated')
  return world
}
const world = demoWorld()
const plan = (seed: number, events: number): PlannedMessage[] => [...planBatch({ world, seed, tag: 't', events, endMs })]
const large = plan(11, 20_000)
const clicks = (messages: PlannedMessage[]) => messages.flatMap((planned) => (planned.message.type === 'click' ? [{ ...planned, click: planned.message }] : []))
const events = (messages: PlannedMessage[]) => messages.flatMap((planned) => (planned.message.type === 'event' ? [{ ...planned, event: planned.message }] : []))

describe('the plan of a batch', () => {
  test('the same seed gives the same messages, another seed gives others', () => {
    expect(plan(5, 3000)).toEqual(plan(5, 3000))
    expect(plan(6, 3000)).not.toEqual(plan(5, 3000))
  })

  test.each([1, 10, 50, 700, 3000])('a batch of %i has exactly so many messages', (count) => {
    expect(plan(3, count).length).toBe(count)
  })

  test('messages come in the order of sending, none after the end, none before it happened', () => {
    for (let n = 1; n < large.length; n++) expect(large[n]?.sendAtMs).toBeGreaterThanOrEqual(large[n - 1]?.sendAtMs ?? 0)
    expect(large.every((planned) => planned.sendAtMs <= endMs && planned.sendAtMs >= planned.occurredAtMs)).toBe(true)
    expect(large.at(-1)?.sendAtMs).toBeGreaterThan(endMs - 86_400_000)
  })

  test('every event that names a click comes after that click was sent', () => {
    const sent = new Set<number>()
    for (const { message } of large) {
      if (message.type === 'click') sent.add(message.ref)
      else if (message.click !== null && 'ref' in message.click) expect(sent.has(message.click.ref)).toBe(true)
    }
  })

  test('a click knows how many messages of the whole plan will need it', () => {
    const options = { world, seed: 4, tag: 't', startMs: endMs - 86_400_000, endMs, clicksPerSecond: () => 0.02, clicksPerCampaign: 200, redirectsFromMs: null }
    const all = [...planTraffic(options)]
    const needed = new Map<number, number>()
    for (const { event } of events(all)) if (event.click !== null && 'ref' in event.click) needed.set(event.click.ref, (needed.get(event.click.ref) ?? 0) + 1)
    for (const { click } of clicks(all)) expect(click.uses).toBe(needed.get(click.ref) ?? 0)
  })
})

describe('the shape of the traffic', () => {
  test('about three of a hundred messages are exact repeats of an earlier one', () => {
    const repeats = large.filter((planned) => planned.repeat)
    expect(repeats.length / large.length).toBeGreaterThan(0.022)
    expect(repeats.length / large.length).toBeLessThan(0.038)
    const seen = new Set(large.filter((planned) => !planned.repeat).map((planned) => planned.message))
    expect(repeats.every((planned) => seen.has(planned.message))).toBe(true)
  })

  test('about five of a hundred events come late enough to be overtaken', () => {
    const first = events(large).filter((planned) => !planned.repeat && planned.label === null)
    const late = first.filter((planned) => planned.sendAtMs - planned.occurredAtMs >= 20_000)
    expect(late.length / first.length).toBeGreaterThan(0.035)
    expect(late.length / first.length).toBeLessThan(0.065)
  })

  test('the first tenth of the affiliates brings more than a third of the honest clicks, and the last half some', () => {
    const counts = new Map<string, number>()
    const affiliateOf = new Map(world.markets.flatMap((market) => market.links.map((link) => [link.id, link.affiliateId])))
    for (const { click } of clicks(large).filter((planned) => planned.label === null)) {
      const affiliate = affiliateOf.get(click.linkId) ?? ''
      counts.set(affiliate, (counts.get(affiliate) ?? 0) + 1)
    }
    const sorted = [...counts.values()].sort((a, b) => b - a)
    const sum = (items: number[]) => items.reduce((total, item) => total + item, 0)
    const share = sum(sorted.slice(0, Math.round(sorted.length / 10))) / sum(sorted)
    expect(share).toBeGreaterThan(0.33)
    expect(share).toBeLessThan(0.7)
    expect(sum(sorted.slice(Math.floor(sorted.length / 2)))).toBeGreaterThan(0)
  })

  test('evenings are busier than early mornings', () => {
    const hours = clicks(large).map((planned) => new Date(planned.occurredAtMs).getUTCHours())
    const between = (from: number, to: number) => hours.filter((hour) => hour >= from && hour < to).length
    expect(between(18, 22)).toBeGreaterThan(2.5 * between(6, 10))
  })

  test('many people share a carrier address, and an honest home address stays quiet', () => {
    const honest = clicks(large).filter((planned) => planned.label === null && !planned.repeat)
    const perAddress = [...Map.groupBy(honest, (planned) => planned.click.ip).values()].map((group) => group.length).sort((a, b) => b - a)
    expect(perAddress[0]).toBeGreaterThan(50)
    expect(perAddress.filter((count) => count <= 3).length / perAddress.length).toBeGreaterThan(0.9)
  })

  test('all kinds of events occur, and revenue is corrected by higher revisions', () => {
    const kinds = new Set(events(large).map(({ event }) => event.event))
    expect([...kinds].sort()).toEqual(['chargeback', 'deposit', 'registration', 'revenue_reported', 'status_change', 'trade_closed', 'withdrawal'])
    const revisions = events(large).flatMap(({ event }) => (event.event === 'revenue_reported' ? [event.fields.revision] : []))
    expect(new Set(revisions)).toEqual(new Set(['1', '2', '3']))
  })

  test('some players come with a code and no click, some lose their click, some are tests, some are known by click alone', () => {
    const registrations = events(large).filter(({ event }) => event.event === 'registration' && event.playerId !== null)
    expect(registrations.some(({ event }) => event.fields.promo_code !== undefined && event.click === null)).toBe(true)
    expect(registrations.some(({ event }) => event.fields.promo_code === undefined && event.click === null)).toBe(true)
    expect(registrations.some(({ event }) => event.fields.is_test === 'true')).toBe(true)
    expect(events(large).some(({ event }) => event.playerId === null && event.click !== null)).toBe(true)
  })

  test('no two different events share their identity, except where that is the planted fraud', () => {
    const seen = new Map<string, string>()
    for (const { event, label, repeat } of events(large)) {
      const id = event.fields.external_event_id
      if (id === undefined || repeat) continue
      const text = JSON.stringify([event.playerId, event.fields])
      const clash = seen.has(id) && seen.get(id) !== text
      if (clash) expect(['shared_external_id', 'conflicting_repeat']).toContain(label?.kind)
      seen.set(id, text)
    }
  })
})

describe('planted frauds', () => {
  test('every kind is planted, more than once, and is a small part of the traffic', () => {
    const campaigns = new Map<FraudKind, Set<number>>()
    for (const { label } of large) if (label !== null) campaigns.set(label.kind, (campaigns.get(label.kind) ?? new Set()).add(label.campaign))
    expect([...campaigns.keys()].sort()).toEqual(Object.keys(frauds).sort())
    expect([...campaigns.values()].every((set) => set.size >= 2)).toBe(true)
    expect(large.filter((planned) => planned.label !== null).length / large.length).toBeLessThan(0.15)
  })

  test('a batch of two thousand already holds every kind', () => {
    expect(new Set(plan(1, 2000).flatMap((planned) => planned.label?.kind ?? [])).size).toBe(Object.keys(frauds).length)
  })

  test('nothing that is sent tells a planted message from an honest one', () => {
    const names = (planned: PlannedMessage) => Object.keys(planned.message).sort().join()
    const honest = new Set(large.filter((planned) => planned.label === null).map(names))
    expect(large.filter((planned) => planned.label !== null).every((planned) => honest.has(names(planned)))).toBe(true)
    expect(large.some((planned) => Object.keys(frauds).some((kind) => JSON.stringify(planned.message).includes(kind)))).toBe(false)
  })

  test('a scripted registration follows its click within two seconds and an honest one never does', () => {
    const clickTimes = new Map(clicks(large).map((planned) => [planned.click.ref, planned.occurredAtMs]))
    const delays = (kind: FraudKind | null) =>
      events(large).flatMap(({ event, occurredAtMs, label }) =>
        event.event === 'registration' && (label?.kind ?? null) === kind && event.click !== null && 'ref' in event.click
          ? [occurredAtMs - (clickTimes.get(event.click.ref) ?? 0)]
          : [],
      )
    expect(Math.max(...delays('scripted_registration'))).toBeLessThan(2000)
    expect(Math.min(...delays(null))).toBeGreaterThan(10_000)
  })

  test('a conflicting repeat is sent well after the true report', () => {
    const conflicts = events(large).filter((planned) => planned.label?.kind === 'conflicting_repeat' && !planned.repeat)
    for (const { event, sendAtMs } of conflicts) {
      const twin = events(large).find(
        (planned) => planned.label === null && !planned.repeat && planned.event.fields.external_event_id === event.fields.external_event_id,
      )
      if (twin !== undefined) expect(sendAtMs - twin.sendAtMs).toBeGreaterThan(600_000)
    }
    expect(conflicts.length).toBeGreaterThan(0)
  })
})

describe('endless traffic', () => {
  const options = {
    world,
    seed: 1,
    tag: 'live',
    startMs: endMs - 3_600_000,
    endMs: null,
    clicksPerSecond: (atMs: number) => (atMs < endMs ? 0.05 : 5),
    clicksPerCampaign: 500,
    redirectsFromMs: endMs,
  }

  function first(count: number): PlannedMessage[] {
    const messages: PlannedMessage[] = []
    for (const planned of planTraffic(options)) {
      messages.push(planned)
      if (messages.length === count) break
    }
    return messages
  }

  test('clicks are reported until now and mostly follow their links from then on', () => {
    const messages = clicks(first(8000))
    expect(messages.filter((planned) => planned.occurredAtMs < endMs).every((planned) => planned.click.channel === 'api')).toBe(true)
    const live = messages.filter((planned) => planned.occurredAtMs >= endMs)
    expect(live.filter((planned) => planned.click.channel === 'redirect').length / live.length).toBeGreaterThan(0.85)
    expect(live.some((planned) => planned.click.channel === 'redirect' && planned.repeat)).toBe(false)
  })

  test('only what is reported as it happens goes without its time', () => {
    const untimed = events(first(20_000)).filter((planned) => !planned.event.timed)
    expect(untimed.length).toBeGreaterThan(0)
    expect(untimed.every((planned) => planned.occurredAtMs >= endMs && planned.label === null)).toBe(true)
  })
})
