import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createTopics } from '../../runtime/create-topics.ts'
import { createProducer, type Producer } from '../../runtime/producer.ts'
import { createLogReader, type LogReader } from '../../runtime/read-range.ts'
import { type Child, endChildren, startChild } from '../support/child.ts'
import { testServices, uniqueNamespace } from '../support/services.ts'
import { until } from '../support/until.ts'

const PARTITIONS = 3
const KEYS = 40
const KILLS_PER_POINT = Number(process.env.CHAOS_KILLS ?? 3)
const POINTS = ['after_load', 'after_produce', 'after_apply', 'before_commit', 'after_commit'] as const
const { kafkaBrokers: brokers, redisUrl } = testServices()

let producer: Producer
let reader: LogReader
let redis: Redis

beforeAll(async () => {
  producer = createProducer({ brokers, clientId: 'chain-test', lanes: 1 })
  reader = await createLogReader({ brokers, clientId: 'chain-test' })
  redis = new Redis(redisUrl)
})
afterEach(endChildren)
afterAll(async () => {
  await producer.close()
  await reader.close()
  redis.disconnect()
})

/** A log that grows while the test goes on, and what the toy made of it. */
async function createScene() {
  const namespace = uniqueNamespace()
  const config = { 'message.timestamp.type': 'LogAppendTime' }
  await createTopics({
    brokers,
    replication: 1,
    topics: ['toy-in', 'toy-out'].map((name) => ({ name: `${namespace}.${name}`, partitions: PARTITIONS, config })),
  })
  let fed = 0
  let feeding = true
  const done = (async () => {
    while (feeding) {
      await producer.append(
        Array.from({ length: 10 }, () => ({ topic: `${namespace}.toy-in`, partition: null, key: `k${fed++ % KEYS}`, value: Buffer.from('1') })),
      )
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  })()
  return {
    namespace,
    start: (options: { instance?: string; killAt?: string } = {}): Child =>
      startChild('test/support/toy-processor.ts', {
        KAFKA_BROKERS: brokers,
        REDIS_URL: redisUrl,
        TOY_NAMESPACE: namespace,
        ...(options.instance === undefined ? {} : { TOY_INSTANCE: options.instance }),
        TRIBUTARY_KILL_AT: options.killAt ?? '',
      }),
    async stopFeeding() {
      feeding = false
      await done
      return fed
    },
  }
}

type Out = { offset: number; index: number; key?: string; count?: number; sum?: number; quiet?: { count: number } }

/** Reads the outputs as the next step would: first record of each (offset, index) counts, a hole is an error. */
async function readOutputs(namespace: string) {
  const counts = new Map<string, number>()
  const quiet = new Map<string, number>()
  let differing = 0
  let holes = 0
  let repeated = 0
  let answered = 0
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const seen = new Map<string, string>()
    let last: Out = { offset: -1, index: -1 }
    for await (const records of reader.read({ topic: `${namespace}.toy-out`, partition, from: 0, to: Number.MAX_SAFE_INTEGER })) {
      for (const record of records) {
        const text = String(record.value)
        const out = JSON.parse(text) as Out
        const place = `${out.offset}.${out.index}`
        if (seen.has(place)) {
          repeated++
          if (seen.get(place) !== text) differing++
          continue
        }
        seen.set(place, text)
        const follows = (out.offset === last.offset && out.index === last.index + 1) || (out.offset === last.offset + 1 && out.index === 0)
        if (!follows) holes++
        if (out.index === 0) answered++
        last = out
        if (out.key !== undefined && out.count !== undefined) counts.set(out.key, out.count)
        if (out.key !== undefined && out.quiet !== undefined) quiet.set(out.key, out.quiet.count)
      }
    }
  }
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0)
  return { total, differing, holes, repeated, answered, quietIsLast: [...counts].every(([key, count]) => quiet.get(key) === count) }
}

async function expectExactlyOnce(scene: Awaited<ReturnType<typeof createScene>>) {
  const fed = await scene.stopFeeding()
  const seen = await until(
    'every record counted once, and every deadline fired',
    () => readOutputs(scene.namespace),
    ({ total, quietIsLast }) => total >= fed && quietIsLast,
  )
  expect(seen).toMatchObject({ total: fed, differing: 0, holes: 0, quietIsLast: true })
  return seen
}

describe('the chain under kill -9', () => {
  it.each(POINTS)(
    'counts every record once when it is killed %s, again and again',
    async (point) => {
      const scene = await createScene()
      for (let kill = 0; kill < KILLS_PER_POINT; kill++) {
        const child = scene.start({ instance: 'a', killAt: `${point}:${2 + 3 * kill}` })
        expect(await child.exited, child.output()).toBe('SIGKILL')
        expect(child.output()).toContain(`killed at ${point}`)
      }
      scene.start({ instance: 'a' })
      await expectExactlyOnce(scene)
    },
    120_000,
  )
})

describe('the chain when Redis forgets', () => {
  it('rebuilds its partitions from the log after each FLUSHALL and makes nothing twice', async () => {
    const scene = await createScene()
    scene.start({ instance: 'a' })
    for (let flush = 0; flush < 5; flush++) {
      const before = await until(
        'outputs growing',
        () => readOutputs(scene.namespace),
        ({ answered }) => answered > 100 * (flush + 1),
      )
      expect(before.differing).toBe(0)
      // Only this test's keys: other tests share the server.
      const keys = await redis.keys(`${scene.namespace}:*`)
      await redis.del(...keys)
    }
    await expectExactlyOnce(scene)
  }, 120_000)
})

describe('the chain with several owners', () => {
  it('keeps every record and its order while consumers join, leave and are killed', async () => {
    const scene = await createScene()
    scene.start()
    const second = scene.start()
    await until(
      'outputs',
      () => readOutputs(scene.namespace),
      ({ answered }) => answered > 100,
    )
    const third = scene.start()
    await new Promise((resolve) => setTimeout(resolve, 2_000))
    second.kill('SIGTERM')
    expect(await second.exited).toBe(0)
    third.kill('SIGKILL')
    await expectExactlyOnce(scene)
  }, 120_000)

  it('is not disturbed by an owner that was frozen past its session and wakes again', async () => {
    const scene = await createScene()
    const frozen = scene.start()
    await until(
      'outputs',
      () => readOutputs(scene.namespace),
      ({ answered }) => answered > 100,
    )
    frozen.kill('SIGSTOP')
    scene.start()
    await until(
      'the heir works',
      () => readOutputs(scene.namespace),
      ({ answered }) => answered > 1_500,
      40_000,
    )
    frozen.kill('SIGCONT')
    await new Promise((resolve) => setTimeout(resolve, 3_000))
    await expectExactlyOnce(scene)
  }, 120_000)
})
