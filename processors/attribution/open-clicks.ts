import type { Redis } from 'ioredis'
import type { Names } from '../../runtime/names.ts'
import { createPackedBuckets } from '../../runtime/packed-buckets.ts'
import { OPEN_CLICK_BUCKET_MS, OPEN_CLICK_FAMILY, openClickPlace, packOpenClick } from '../../schemas/open-click.ts'
import type { Click } from '../../schemas/records.generated.ts'

/** Clicks that may still be joined, packed, in Redis. They enrich; no decision about money waits for one. */
export type OpenClicks = {
  /** Keeps clicks until nobody can register from them any more. @param keepMs the longest attribution window, with slack */
  put(clicks: Click[], keepMs: number): Promise<void>
  /** Packed clicks by id; ids that are none, or whose click is not at hand, are left out. */
  find(clickIds: string[]): Promise<Map<string, Buffer>>
}

/** A click that is reported long after it happened is kept this long, for the registration that is reported with it. */
const KEEP_LATE_MS = 86_400_000

export function createOpenClicks(redis: Redis, names: Names): OpenClicks {
  const buckets = createPackedBuckets(redis, names, OPEN_CLICK_FAMILY)
  return {
    async put(clicks, keepMs) {
      const entries = clicks.map(packOpenClick).filter((packed) => packed !== null)
      const earliestMs = Date.now() + KEEP_LATE_MS
      await buckets.put(entries, (bucketMs) => Math.max(bucketMs + OPEN_CLICK_BUCKET_MS + keepMs, earliestMs))
    },
    async find(clickIds) {
      const wanted = clickIds.map((id) => ({ id, place: openClickPlace(id) })).filter(({ place }) => place !== null)
      const values = await buckets.get(wanted.map(({ place }) => place as NonNullable<typeof place>))
      const found = new Map<string, Buffer>()
      for (const [i, { id }] of wanted.entries()) {
        const value = values[i] ?? null
        if (value !== null) found.set(id, value)
      }
      return found
    },
  }
}
