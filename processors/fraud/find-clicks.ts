import type { Redis } from 'ioredis'
import type { ClickIp, FindClicks } from './signals.ts'
import type { Names } from '../../runtime/names.ts'
import { createPackedBuckets } from '../../runtime/packed-buckets.ts'
import { OPEN_CLICK_FAMILY, openClickPlace, unpackOpenClick } from '../../schemas/open-click.ts'
import { partitionOf, topics } from '../../schemas/topics.ts'

const FILLED = 'filled'
/** Only what identifies the address is needed; the names come with the binding. */
const NAMELESS = { link_id: '', affiliate_id: '', offer_id: '', brand_id: '', catalog_version: '' }

/**
 * Looks bound clicks up among the open clicks that attribution keeps in Redis, for those that had not arrived when
 * their player registered. While a partition is being read again after a loss, a click of it that is not there may
 * still come.
 */
export function createFindClicks(redis: Redis, names: Names): FindClicks {
  const buckets = createPackedBuckets(redis, names, OPEN_CLICK_FAMILY)
  const markOf = (clickId: string) => names.redis(`${OPEN_CLICK_FAMILY}:filled:${partitionOf(clickId, topics.clicks.partitions)}`)
  return async (clickIds) => {
    const placed = clickIds.flatMap((id) => {
      const place = openClickPlace(id)
      return place === null ? [] : [{ id, place }]
    })
    if (placed.length === 0) return new Map()
    // The marks first: what is filled now has every click that the values could show.
    const marks = await redis.mget(placed.map(({ id }) => markOf(id)))
    const values = await buckets.get(placed.map(({ place }) => place))
    const found = new Map<string, ClickIp | 'filling'>()
    for (const [i, { id }] of placed.entries()) {
      const value = values[i] ?? null
      const click = value === null ? null : unpackOpenClick({ ...NAMELESS, click_id: id }, value)
      if (click !== null) found.set(id, click)
      else if (marks[i] !== FILLED) found.set(id, 'filling')
    }
    return found
  }
}
