import { randomBytes } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createNames } from '../../runtime/names.ts'
import { type BucketEntry, createPackedBuckets } from '../../runtime/packed-buckets.ts'
import { testServices, uniqueNamespace } from '../support/services.ts'

const VALUE_BYTES = 32
const BYTES_AN_ENTRY_MAX = 64
const FLOOD_ENTRIES = 60_000
const BATCH = 2_000

let redis: Redis
beforeAll(() => {
  redis = new Redis(testServices().redisUrl)
})
afterAll(() => redis.disconnect())

const entries = (count: number, bucketMs: number): BucketEntry[] =>
  Array.from({ length: count }, () => ({ bucketMs, field: randomBytes(8), value: randomBytes(VALUE_BYTES) }))
const inOneHour = () => Date.now() + 3_600_000

async function putAll(buckets: ReturnType<typeof createPackedBuckets>, list: BucketEntry[]): Promise<void> {
  for (let at = 0; at < list.length; at += BATCH) await buckets.put(list.slice(at, at + BATCH), inOneHour)
}

it('gives back what was put, and null for what was not', async () => {
  const buckets = createPackedBuckets(redis, createNames(uniqueNamespace()), 'b')
  const list = [...entries(300, 60_000), ...entries(1, 120_000)]
  await buckets.put(list, inOneHour)
  const [unknown] = entries(1, 60_000)
  expect(await buckets.get([...list, unknown!])).toEqual([...list.map(({ value }) => value), null])
  expect(await buckets.get([{ ...list[0]!, bucketMs: 120_000 }])).toEqual([null])
  expect(await buckets.get([])).toEqual([])
})

it('finds an entry whoever wrote it, and whatever was written before', async () => {
  const names = createNames(uniqueNamespace())
  const list = entries(5_000, 60_000)
  await putAll(createPackedBuckets(redis, names, 'b'), list)
  const again = createPackedBuckets(redis, names, 'b')
  await putAll(again, list.slice(4_000))
  expect(await again.get(list)).toEqual(list.map(({ value }) => value))
})

it('costs at most 64 bytes an entry under a flood, keeps every hash packed, and lets each expire', async () => {
  const names = createNames(uniqueNamespace())
  await putAll(createPackedBuckets(redis, names, 'b'), entries(FLOOD_ENTRIES, 60_000))
  const keys = await redis.keys(names.redis('b:*'))
  let bytes = 0
  for (const key of keys) {
    bytes += Number(await redis.memory('USAGE', key, 'SAMPLES', 0))
    expect(await redis.object('ENCODING', key)).toBe('listpack')
    expect(await redis.pttl(key)).toBeGreaterThan(0)
  }
  expect(bytes / FLOOD_ENTRIES).toBeLessThanOrEqual(BYTES_AN_ENTRY_MAX)
})

it('a bucket that is over is gone', async () => {
  const buckets = createPackedBuckets(redis, createNames(uniqueNamespace()), 'b')
  const list = entries(3, 60_000)
  await buckets.put(list, () => Date.now() + 50)
  await new Promise((resolve) => setTimeout(resolve, 120))
  expect(await buckets.get(list)).toEqual([null, null, null])
})
