import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createProducer, type Producer } from '../../runtime/producer.ts'
import { createNames, type Names } from '../../runtime/names.ts'
import { topicRows } from '../../processors/warehouse/rows.ts'
import { createLogReader } from '../../runtime/read-range.ts'
import { topics } from '../../schemas/topics.ts'
import { codecs } from '../../schemas/codec.ts'
import { exampleRecords } from '../../schemas/example-records.ts'
import { type Child, endChildren, startChild } from '../support/child.ts'
import { type Engine, endEngines, startEngine } from '../support/engine.ts'
import { createTestTopics, testServices, uniqueNamespace } from '../support/services.ts'
import { until } from '../support/until.ts'
import { createTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const KILLS_PER_POINT = Number(process.env.CHAOS_KILLS ?? 3)
const POINTS = ['before_plan', 'after_plan', 'before_insert', 'after_insert', 'before_commit', 'after_commit'] as const
const FEED_PAUSE_MS = 15
const SESSION_MS = 6_000
const { kafkaBrokers: brokers, clickhouseUrl } = testServices()
const [event] = exampleRecords('PlayerEvent')
const [click] = exampleRecords('Click')
const [scored] = exampleRecords('ScoredEvent')
const [verdict] = exampleRecords('Verdict')
const TABLES = ['clicks', 'events', 'event_records', 'verdict_revisions', 'verdicts'] as const

let producer: Producer
beforeAll(() => {
  producer = createProducer({ brokers, clientId: 'warehouse-test', lanes: 1 })
})
const open: (() => Promise<void>)[] = []
afterEach(async () => {
  endChildren()
  for (const close of open.splice(0)) await close()
  endEngines()
})
afterAll(() => producer.close())

/** A log that grows in three topics while a test goes on, and what is kept of it. */
async function createScene(url: string = clickhouseUrl) {
  const namespace = uniqueNamespace()
  const names = createNames(namespace)
  await createTestTopics(namespace)
  await untilTopicsAreKnown(names)
  const warehouse = await createTestWarehouse(url, namespace)
  await stopMerges(warehouse)
  const feed = startFeed(names)
  const sinks: Child[] = []
  open.push(async () => {
    await feed.stop()
    await warehouse.close()
  })
  return {
    names,
    warehouse,
    start(options: { instance?: string; killAt?: string } = {}): Child {
      const sink = startChild('processors/warehouse/main.ts', {
        KAFKA_BROKERS: brokers,
        CLICKHOUSE_URL: url,
        TRIBUTARY_NAMESPACE: namespace,
        TRIBUTARY_KILL_AT: options.killAt ?? '',
        ...(options.instance === undefined ? {} : { TRIBUTARY_INSTANCE: options.instance }),
      })
      sinks.push(sink)
      return sink
    },
    /** Stops feeding and waits until every record is stored; then proves that none is stored twice, merged or not. */
    async expectEachOnce() {
      const fed = await feed.stop()
      const once = Object.fromEntries(TABLES.map((table) => [table, { rows: String(fed), ids: String(fed) }]))
      await until(
        'every record is stored',
        () => distinct(warehouse),
        (seen) => JSON.stringify(seen) === JSON.stringify(once) || TABLES.some((table) => Number(seen[table]?.rows) > fed),
        60_000,
      ).catch((cause: unknown) => {
        throw new Error(sinks.map((sink) => sink.output()).join('\n--\n'), { cause })
      })
      expect(await distinct(warehouse)).toEqual(once)
      expect(fed).toBeGreaterThan(50)
    },
  }
}

/** A sink that looks for a topic before the brokers know it ends, and here nobody would start it again. */
async function untilTopicsAreKnown(names: Names) {
  const reader = await createLogReader({ brokers, clientId: 'warehouse-test' })
  for (const { topic } of topicRows) {
    for (let partition = 0; partition < topics[topic].partitions; partition++) await reader.watermarks(names.topic(topic), partition)
  }
  await reader.close()
}

/** With merges a row that was written twice would soon be one again, and the test would see nothing. */
async function stopMerges(warehouse: TestWarehouse) {
  for (const table of TABLES) await warehouse.client.command({ query: `SYSTEM STOP MERGES ${warehouse.names.database('tributary')}.${table}` })
}

async function distinct(warehouse: TestWarehouse): Promise<Record<string, { rows: string; ids: string }>> {
  const ids = { clicks: 'click_id', events: 'event_id', event_records: 'receipt_id', verdict_revisions: 'subject_id', verdicts: 'subject_id' }
  const selects = TABLES.map((table) => `SELECT '${table}' AS table, count() AS rows, uniqExact(${ids[table]}) AS ids FROM {base}.${table}`)
  const rows = await warehouse.query<{ table: string; rows: string; ids: string }>(selects.join(' UNION ALL '))
  return Object.fromEntries(
    TABLES.map((table) => [
      table,
      rows.filter((row) => row.table === table).map(({ rows: count, ids: unique }) => ({ rows: count, ids: unique }))[0] ?? { rows: '0', ids: '0' },
    ]),
  )
}

function startFeed(names: Names) {
  let fed = 0
  let feeding = true
  const done = (async () => {
    while (feeding) {
      const ids = Array.from({ length: 5 }, () => String(fed++))
      await producer.append(ids.flatMap((id) => recordsOf(names, id)))
      await new Promise((resolve) => setTimeout(resolve, FEED_PAUSE_MS))
    }
  })()
  return {
    async stop() {
      feeding = false
      await done
      return fed
    },
  }
}

function recordsOf(names: Names, id: string) {
  const n = Number(id)
  // Two months, so that a flush of clicks is two inserts.
  const occurred_at = Date.UTC(2026, 9 + (n % 2), 1)
  return [
    { topic: names.topic('clicks'), partition: null, key: id, value: codecs.Click.encode({ ...click, click_id: id, occurred_at }) },
    {
      topic: names.topic('player-events'),
      partition: null,
      key: `acme:${id}`,
      value: codecs.PlayerEvent.encode({ ...event, event_type: 'deposit', event_id: `ev_${id}`, receipt_id: `rc_${id}`, player_id: id }),
    },
    {
      topic: names.topic('scored-events'),
      partition: n % 12,
      key: `acme:${id}`,
      value: codecs.ScoredEvent.encode({
        ...scored,
        verdict: { ...verdict, subject_type: 'event', subject_id: `ev_${id}`, revision: 1 },
        source_offset: n,
        index: 0,
      }),
    },
  ]
}

describe.each(POINTS)('kill -9 at %s', (point) => {
  it(`${KILLS_PER_POINT} times: every record is stored once`, async () => {
    const scene = await createScene()
    for (let kill = 0; kill < KILLS_PER_POINT; kill++) {
      const sink = scene.start({ instance: 'a', killAt: `${point}:${2 + kill}` })
      expect(await sink.exited, sink.output()).toBe('SIGKILL')
      expect(sink.output()).toContain(`killed at ${point}`)
    }
    const last = scene.start({ instance: 'a' })
    await scene.expectEachOnce()
    if (point === 'after_plan' || point === 'after_insert') expect(last.output()).toContain('storing the plan of the previous owner again')
    last.kill('SIGTERM')
    expect(await last.exited).toBe(0)
  })
})

describe('several sinks', () => {
  it('join, leave and die under load: every record is stored once', async () => {
    const scene = await createScene()
    const first = scene.start({ instance: 'a' })
    await pause(1_500)
    const second = scene.start({ instance: 'b', killAt: 'after_plan:3' })
    expect(await second.exited, second.output()).toBe('SIGKILL')
    const third = scene.start({ instance: 'c' })
    await pause(1_500)
    first.kill('SIGTERM')
    expect(await first.exited, first.output()).toBe(0)
    const fourth = scene.start({ instance: 'b' })
    await pause(1_000)
    await scene.expectEachOnce()
    for (const sink of [third, fourth]) sink.kill('SIGTERM')
    expect([await third.exited, await fourth.exited]).toEqual([0, 0])
  })

  it('a sink that was frozen past its session and wakes stores nothing twice, and ends', async () => {
    const scene = await createScene()
    const frozen = scene.start()
    await pause(2_000)
    frozen.kill('SIGSTOP')
    const next = scene.start()
    await pause(SESSION_MS + 3_000)
    frozen.kill('SIGCONT')
    await pause(1_500)
    await scene.expectEachOnce()
    frozen.kill('SIGTERM')
    next.kill('SIGTERM')
    await Promise.all([frozen.exited, next.exited])
  })
})

describe('the engine', () => {
  it('is killed in the middle of inserts and comes back: every record is stored once, in the targets of views too', async () => {
    const engine: Engine = await startEngine()
    const scene = await createScene(engine.url)
    const sink = scene.start({ instance: 'a' })
    for (let kill = 0; kill < KILLS_PER_POINT; kill++) {
      await pause(1_200 + 137 * kill)
      await engine.kill()
      await pause(300)
      await engine.restart()
      await stopMerges(scene.warehouse)
    }
    await scene.expectEachOnce()
    sink.kill('SIGTERM')
    expect(await sink.exited, sink.output()).toBe(0)
  })
})

describe('what the log holds', () => {
  it('a batch with bad records keeps the rest, and each bad one is a dead letter', async () => {
    const scene = await createScene()
    const topic = scene.names.topic('player-events')
    const good = codecs.PlayerEvent.encode({ ...event, event_type: 'deposit', event_id: 'ev_good', receipt_id: 'rc_good', player_id: 'good' })
    const late = codecs.PlayerEvent.encode({
      ...event,
      event_type: 'deposit',
      event_id: 'ev_late',
      receipt_id: 'rc_late',
      player_id: 'late',
      occurred_at: Date.UTC(2999, 0, 1),
    })
    await producer.append([Buffer.from('none of ours'), late, good].map((value) => ({ topic, partition: 7, key: 'k', value })))
    const sink = scene.start({ instance: 'a' })
    const letters = () => scene.warehouse.query('SELECT receipt_id, step, reason, topic, partition FROM {views}.dead_letters ORDER BY offset')
    expect(await until('the letters are there', letters, (rows) => rows.length === 2)).toEqual([
      { receipt_id: null, step: 'warehouse', reason: 'undecodable', topic, partition: 7 },
      { receipt_id: 'rc_late', step: 'warehouse', reason: 'time_out_of_range', topic, partition: 7 },
    ])
    expect(await scene.warehouse.query("SELECT event_id FROM {views}.events WHERE player_id IN ('good', 'late')")).toEqual([{ event_id: 'ev_good' }])
    sink.kill('SIGTERM')
    await sink.exited
  })

  it('is in the views within the five seconds that are promised', async () => {
    const scene = await createScene()
    const sink = scene.start({ instance: 'a' })
    await until(
      'the sink runs',
      () => scene.warehouse.query<{ n: string }>('SELECT count() AS n FROM {views}.clicks'),
      ([row]) => Number(row?.n) > 0,
    )
    const startMs = Date.now()
    await producer.append(recordsOf(scene.names, '999999999'))
    await until(
      'the click is seen',
      () => scene.warehouse.query("SELECT click_id FROM {views}.clicks WHERE click_id = '999999999'"),
      (rows) => rows.length === 1,
    )
    expect(Date.now() - startMs).toBeLessThan(5_000)
    sink.kill('SIGTERM')
    await sink.exited
  })
})

describe('an insert that is repeated', () => {
  it('under the same token is stored once, in the targets of views too; under another token FINAL still shows one', async () => {
    const warehouse = await createTestWarehouse(clickhouseUrl, uniqueNamespace())
    await stopMerges(warehouse)
    const place = { partition: 1, offset: 5 }
    const value = { ...event, event_type: 'deposit' as const, event_id: 'ev_twice', receipt_id: 'rc_twice' }
    for (const token of ['one', 'one', 'one']) await warehouse.store('player-events', [value], { ...place, token })
    const counts =
      'SELECT (SELECT count() FROM {base}.events) AS events, (SELECT count() FROM {base}.event_records) AS records, (SELECT count() FROM {views}.events) AS shown'
    expect(await warehouse.query(counts)).toEqual([{ events: '1', records: '1', shown: '1' }])
    await warehouse.store('player-events', [value], { ...place, token: 'two' })
    expect(await warehouse.query(counts)).toEqual([{ events: '2', records: '2', shown: '1' }])
    expect(await warehouse.query("SELECT sum(quantity) AS n FROM {views}.outcomes WHERE outcome = 'accepted'")).toEqual([{ n: '1' }])
    await warehouse.close()
  })
})

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
