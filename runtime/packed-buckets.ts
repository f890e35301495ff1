import type { Redis } from 'ioredis'
import type { Names } from './names.ts'

/** Where an entry is kept: the start of its time bucket, and a short field that is as good as random. */
export type BucketPlace = { bucketMs: number; field: Buffer }
export type BucketEntry = BucketPlace & { value: Buffer }

/**
 * Small values by the million, for a time: many share one hash, which Redis keeps as a listpack (no pointer, no entry
 * header), and a whole bucket expires at once, since a time to live for each would cost as much as the value.
 */
export type PackedBuckets = {
  /** Adds entries, or writes them over. One round trip. */
  put(entries: BucketEntry[], expireAtMs: (bucketMs: number) => number): Promise<void>
  /** The values in the order of the places; null where there is none. One round trip. */
  get(places: BucketPlace[]): Promise<(Buffer | null)[]>
}

/**
 * A bucket fills small levels first: one hash while it is nearly empty, thousands when it is flooded. A reader asks
 * every level, so it need not know how many entries there are.
 */
const LEVEL_SHARDS = [1, 16, 256, 4_096]
/** Redis keeps a hash packed up to 512 entries; a writer that starts again, or a second one, fills a shard once more. */
const SHARD_ENTRIES = 100
/** Buckets whose entries are counted; those before them have long been filled. */
const COUNTED_BUCKETS_MAX = 512

/** @param family names the keys: `<family>:<bucket>:<shard>` */
export function createPackedBuckets(redis: Redis, names: Names, family: string): PackedBuckets {
  const counts = new Map<number, number>()
  const keyOf = (bucketMs: number, level: number, field: Buffer) =>
    names.redis(`${family}:${bucketMs.toString(36)}:${level}${(field.readUInt16BE(0) % (LEVEL_SHARDS[level] ?? 1)).toString(36)}`)

  function nextLevel(bucketMs: number): number {
    const count = counts.get(bucketMs) ?? 0
    if (count === 0 && counts.size >= COUNTED_BUCKETS_MAX) counts.delete(Math.min(...counts.keys()))
    counts.set(bucketMs, count + 1)
    return levelOfEntry(count)
  }

  return {
    async put(entries, expireAtMs) {
      const hashes = new Map<string, { bucketMs: number; pairs: Buffer[] }>()
      for (const { bucketMs, field, value } of entries) {
        const key = keyOf(bucketMs, nextLevel(bucketMs), field)
        const known = hashes.get(key)
        if (known === undefined) hashes.set(key, { bucketMs, pairs: [field, value] })
        else known.pairs.push(field, value)
      }
      const pipeline = redis.pipeline()
      for (const [key, { bucketMs, pairs }] of hashes) {
        pipeline.hset(key, ...pairs)
        pipeline.pexpireat(key, expireAtMs(bucketMs))
      }
      await run(pipeline)
    },

    async get(places) {
      if (places.length === 0) return []
      const pipeline = redis.pipeline()
      for (const { bucketMs, field } of places) {
        for (const level of LEVEL_SHARDS.keys()) pipeline.hgetBuffer(keyOf(bucketMs, level, field), field)
      }
      const replies = (await run(pipeline)) as (Buffer | null)[]
      return places.map((_, i) => replies.slice(i * LEVEL_SHARDS.length, (i + 1) * LEVEL_SHARDS.length).find((value) => value !== null) ?? null)
    },
  }
}

/** The level of the n-th entry of a bucket: the smallest that is not full. */
function levelOfEntry(count: number): number {
  let room = 0
  for (const [level, shards] of LEVEL_SHARDS.entries()) {
    room += shards * SHARD_ENTRIES
    if (count < room) return level
  }
  return LEVEL_SHARDS.length - 1
}

async function run(pipeline: ReturnType<Redis['pipeline']>): Promise<unknown[]> {
  const replies = (await pipeline.exec()) ?? []
  return replies.map(([error, value]) => {
    if (error) throw error
    return value
  })
}
