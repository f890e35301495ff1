import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createCatalogStore } from '../../catalog/catalog-store.ts'
import { testAttributed, testCatalog, testClick, testEvent } from '../../processors/fraud/fixtures.ts'
import { createTopics } from '../../runtime/create-topics.ts'
import { createNames } from '../../runtime/names.ts'
import { createProducer, type Producer } from '../../runtime/producer.ts'
import { createLogReader, type LogReader } from '../../runtime/read-range.ts'
import { codecs } from '../../schemas/codec.ts'
import type { AttributedEvent, Click, PlayerEvent, ScoredEvent, Verdict } from '../../schemas/records.generated.ts'
import { MONEY_PARTITIONS, partitionOf, playerKey, topics } from '../../schemas/topics.ts'
import { type Child, endChildren, startChild } from '../support/child.ts'
import { testServices, uniqueNamespace } from '../support/services.ts'
import { until } from '../support/until.ts'

const SETTLE_MS = 500
const { kafkaBrokers: brokers, redisUrl } = testServices()
const TOPICS = ['clicks', 'player-events', 'attributed-events', 'scored-events', 'click-verdicts', 'dead-letters', 'catalog'] as const

type Placed = ScoredEvent & { partition: number }

let producer: Producer
let redis: Redis

beforeAll(async () => {
  producer = createProducer({ brokers, clientId: 'fraud-test', lanes: 1 })
  redis = new Redis(redisUrl)
})
afterEach(endChildren)
afterAll(async () => {
  await producer.close()
  redis.disconnect()
})

/** The fraud process between real logs; the test stands in for attribution, ticks included. */
async function createScene() {
  const namespace = uniqueNamespace()
  const names = createNames(namespace)
  await createTopics({
    brokers,
    replication: 1,
    topics: TOPICS.map((name) => ({ name: names.topic(name), partitions: topics[name].partitions, config: { 'message.timestamp.type': 'LogAppendTime' } })),
  })
  const reader = await readerOf(TOPICS.map((name) => names.topic(name)))
  const catalogs = createCatalogStore({ brokers, clientId: 'fraud-test', names })
  await catalogs.publish(testCatalog())
  await catalogs.close()
  const nextSource = Array.from({ length: MONEY_PARTITIONS }, () => 0)
  const ticksRead = [...nextSource]

  const attribute = (partition: number, attributed: AttributedEvent) => ({
    topic: names.topic('attributed-events'),
    partition,
    key: null,
    value: codecs.AttributedEvent.encode({ ...attributed, source_offset: nextSource[partition]!++, index: 0 }),
  })
  const attributedTick = (event: PlayerEvent): AttributedEvent => ({
    event_id: event.event_id,
    kind: 'tick',
    event,
    binding: null,
    click_state: 'none',
    click: null,
    source_offset: 0,
    index: 0,
  })

  let forwarding = true
  const forwarder = (async () => {
    while (forwarding) {
      for (let partition = 0; partition < MONEY_PARTITIONS; partition++) {
        const { high } = await reader.watermarks(names.topic('player-events'), partition)
        for await (const records of reader.read({ topic: names.topic('player-events'), partition, from: ticksRead[partition]!, to: high })) {
          ticksRead[partition] = records.at(-1)!.offset + 1
          await producer.append(records.map(({ value }) => attribute(partition, attributedTick(codecs.PlayerEvent.decode(value!)))))
        }
      }
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })()

  async function readAll(name: 'scored-events' | 'click-verdicts'): Promise<{ partition: number; value: Buffer }[]> {
    const values: { partition: number; value: Buffer }[] = []
    for (let partition = 0; partition < topics[name].partitions; partition++) {
      const { high } = await reader.watermarks(names.topic(name), partition)
      for await (const records of reader.read({ topic: names.topic(name), partition, from: 0, to: high }))
        values.push(...records.map(({ value }) => ({ partition, value: value! })))
    }
    return values
  }
  const scored = async (): Promise<Placed[]> =>
    (await readAll('scored-events')).map(({ partition, value }) => ({ ...codecs.ScoredEvent.decode(value), partition }))

  return {
    scored,
    clickVerdicts: async (): Promise<Verdict[]> => (await readAll('click-verdicts')).map(({ value }) => codecs.Verdict.decode(value)),
    start: (env: Record<string, string> = {}): Child =>
      startChild('processors/fraud/main.ts', {
        KAFKA_BROKERS: brokers,
        REDIS_URL: redisUrl,
        CLICKHOUSE_URL: 'http://127.0.0.1:1',
        TRIBUTARY_NAMESPACE: namespace,
        TRIBUTARY_SETTLE_MS: String(SETTLE_MS),
        TRIBUTARY_CLICK_KEYS: '0:00112233445566778899aabbccddeeff',
        TRIBUTARY_INSTANCE: 'one',
        ...env,
      }),
    clicks: (clicks: Click[]) =>
      producer.append(
        clicks.map((click) => ({
          topic: names.topic('clicks'),
          partition: partitionOf(click.click_id, 12),
          key: click.click_id,
          value: codecs.Click.encode(click),
        })),
      ),
    events: (events: AttributedEvent[]) =>
      producer.append(
        events.map((attributed) => attribute(partitionOf(playerKey(attributed.event.brand_id, attributed.event.player_id), MONEY_PARTITIONS), attributed)),
      ),
    /** Everything that fraud keeps in Redis is gone at once. */
    wipe: () => redis.eval(`for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end return 1`, 0, `${namespace}:*`),
    /** The settled verdict of each of these events, once all are settled and, if asked for, hold what is expected. */
    settled: (events: AttributedEvent[], holds: (verdicts: Verdict[]) => boolean = () => true) =>
      until(
        'the verdicts settle',
        async () => {
          const latest = new Map<string, Verdict>()
          for (const { event_id, verdict } of await scored())
            if (verdict !== null && verdict.revision > (latest.get(event_id)?.revision ?? 0)) latest.set(event_id, verdict)
          return events.map(({ event_id }) => latest.get(event_id))
        },
        (verdicts) => verdicts.every((verdict) => verdict?.settled) && holds(verdicts as Verdict[]),
        60_000,
      ) as Promise<Verdict[]>,
    async end() {
      forwarding = false
      await forwarder
      await reader.close()
    },
  }
}

/** A client remembers for long that a topic is not there: one that asked too early is replaced. */
async function readerOf(names: string[]): Promise<LogReader> {
  for (let attempt = 1; ; attempt++) {
    const reader = await createLogReader({ brokers, clientId: 'fraud-test' })
    try {
      for (const name of names) await reader.watermarks(name, 0)
      return reader
    } catch (error) {
      await reader.close()
      if (attempt === 20) throw error
      await new Promise((resolve) => setTimeout(resolve, 250))
    }
  }
}

type Scene = Awaited<ReturnType<typeof createScene>>

/** Three kinds of fraud and a player who did nothing. */
function traffic() {
  const nowMs = Date.now()
  const flood = Array.from({ length: 40 }, (_, i) => testClick({ occurred_at: nowMs - 60_000 + i * 100 }))
  const honestClick = testClick({ occurred_at: nowMs - 50_000, ip_hash: '00000000000000dd' })
  const through = (click: Click, player: string, tookMs: number) =>
    testAttributed(testEvent({ player_id: player, click_id: click.click_id, occurred_at: click.occurred_at + tookMs }), click)
  const deposit = (player: string, id: string) =>
    testAttributed(testEvent({ player_id: player, event_type: 'deposit', external_event_id: id, occurred_at: nowMs }), null)
  return {
    clicks: [...flood, honestClick],
    events: {
      flooded: through(flood[0]!, 'p-flood', 20_000),
      fast: through(testClick({ occurred_at: nowMs - 40_000, ip_hash: '00000000000000ee' }), 'p-fast', 700),
      forged: { ...testAttributed(testEvent({ player_id: 'p-forged', click_id: 'x'.repeat(32), occurred_at: nowMs }), null), binding: null },
      honest: through(honestClick, 'p-honest', 30_000),
      shared: deposit('p-one', 'tx-7'),
      sharedToo: deposit('p-two', 'tx-7'),
      ownDeposit: deposit('p-honest', 'tx-8'),
    },
  }
}

const EXPECTED = { flooded: 'review', fast: 'hold', forged: 'hold', honest: 'allow', shared: 'hold', sharedToo: 'hold', ownDeposit: 'allow' }

async function expectVerdicts(scene: Scene, { events }: ReturnType<typeof traffic>): Promise<void> {
  const expected = Object.values(EXPECTED)
  const verdicts = await scene.settled(Object.values(events), (seen) => seen.every(({ decision }, i) => decision === expected[i]))
  expect(Object.fromEntries(Object.keys(events).map((name, i) => [name, verdicts[i]!.decision]))).toEqual(EXPECTED)
  expect(verdicts.every(({ completeness }) => completeness === 1)).toBe(true)
}

/** Each output has its place once, and no place is left out. */
function expectPlaces(scored: Placed[]): void {
  const placeOf = (one: Placed, index: number) => `${one.partition} ${one.source_offset} ${index}`
  const places = new Set(scored.map((one) => placeOf(one, one.index)))
  expect(places.size).toBe(scored.length)
  for (const one of scored) if (one.index > 0) expect(places).toContain(placeOf(one, one.index - 1))
}

describe('the fraud process', () => {
  it('finds planted fraud, settles in partitions where nothing else happens, and passes every record on', async () => {
    const scene = await createScene()
    const child = scene.start()
    const given = traffic()
    await scene.clicks(given.clicks)
    await scene.events(Object.values(given.events))
    await expectVerdicts(scene, given)
    const verdicts = await scene.clickVerdicts()
    expect(verdicts.length).toBeGreaterThanOrEqual(1)
    expect(verdicts.every(({ reasons }) => reasons[0]?.rule_id === 'ip-velocity')).toBe(true)
    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
    await scene.end()
  })

  it('approves nothing while Redis is empty, and gives the same verdicts in the end', async () => {
    const scene = await createScene()
    const first = traffic()
    const child = scene.start()
    await scene.clicks(first.clicks)
    await scene.events(Object.values(first.events))
    await expectVerdicts(scene, first)
    await scene.wipe()
    const second = traffic()
    const later = Object.fromEntries(
      Object.entries(second.events).map(([name, attributed]) => [name, withPlayer(attributed, `${attributed.event.player_id}-b`)]),
    ) as typeof second.events
    await scene.clicks(second.clicks)
    await scene.events(Object.values(later))
    await scene.wipe()
    await expectVerdicts(scene, { ...second, events: later }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${child.output().slice(-3_000)}`)
    })
    for (const { verdict } of await scene.scored()) if (verdict?.settled && verdict.decision === 'allow') expect(verdict.completeness).toBe(1)
    child.kill('SIGKILL')
    await scene.end()
  })

  it('settles while clicks keep coming', async () => {
    const scene = await createScene()
    const child = scene.start()
    const given = traffic()
    let feeding = true
    const feed = (async () => {
      while (feeding) {
        const ip = Math.floor(Math.random() * 2 ** 32)
          .toString(16)
          .padStart(16, '0')
        await scene.clicks(Array.from({ length: 20 }, () => testClick({ occurred_at: Date.now(), ip_hash: ip, ip_class: 'mobile' })))
        await new Promise((resolve) => setTimeout(resolve, 10))
      }
    })()
    await scene.clicks(given.clicks)
    await scene.events(Object.values(given.events))
    const startedMs = Date.now()
    await expectVerdicts(scene, given)
    feeding = false
    await feed
    expect(Date.now() - startedMs).toBeLessThan(15_000)
    child.kill('SIGKILL')
    await scene.end()
  })

  it.each(['after_produce', 'after_apply', 'before_commit'])('killed %s, it neither loses nor repeats a verdict', async (point) => {
    const scene = await createScene()
    const given = traffic()
    await scene.clicks(given.clicks)
    const events = Object.values(given.events)
    await scene.events(events.slice(0, 3))
    for (let run = 1; run <= 3; run++) {
      const child = scene.start({ TRIBUTARY_KILL_AT: `${point}:${run}` })
      if (run === 2) await scene.events(events.slice(3))
      expect(await child.exited).toBe('SIGKILL')
    }
    const child = scene.start()
    await expectVerdicts(scene, given)
    const scored = await scene.scored()
    expectPlaces(scored)
    const said = scored.flatMap(({ verdict }) => (verdict === null ? [] : [`${verdict.verdict_id} ${verdict.revision}`]))
    expect(new Set(said).size).toBe(said.length)
    child.kill('SIGKILL')
    await scene.end()
  })
  it.each(['after_apply', 'after_produce', 'after_commit'])('killed %s in the clicks, it counts none twice and tells whoever is concerned', async (point) => {
    const scene = await createScene()
    const given = traffic()
    const flood = given.clicks.slice(0, 11)
    const first = scene.start()
    await scene.clicks(flood.slice(0, 10))
    await scene.events([given.events.flooded])
    const [verdict] = await scene.settled([given.events.flooded])
    expect(verdict).toMatchObject({ decision: 'allow', completeness: 1 })
    first.kill('SIGKILL')
    await first.exited
    await scene.clicks(flood.slice(10))
    expect(await scene.start({ TRIBUTARY_KILL_AT_CLICKS: point }).exited).toBe('SIGKILL')
    const child = scene.start()
    const [revised] = await scene.settled([given.events.flooded], ([seen]) => seen?.decision === 'review')
    expect(revised).toMatchObject({ settled: true, reasons: [{ observed: 11 }] })
    expect(new Set((await scene.clickVerdicts()).map(({ subject_id }) => subject_id))).toEqual(new Set([flood[10]!.click_id]))
    child.kill('SIGKILL')
    await scene.end()
  })
})

function withPlayer(attributed: AttributedEvent, player: string): AttributedEvent {
  const event = {
    ...attributed.event,
    player_id: player,
    external_event_id: attributed.event.external_event_id === '' ? '' : `${attributed.event.external_event_id}-b`,
  }
  return { ...attributed, event, binding: attributed.binding === null ? null : { ...attributed.binding, player_id: player } }
}
