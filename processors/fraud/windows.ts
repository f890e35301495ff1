import type { Redis } from 'ioredis'
import type { Names } from '../../runtime/names.ts'
import type { PlayerEvent } from '../../schemas/records.generated.ts'
import type { Times } from './rules/rule.ts'
import { externalIdPlace, shortClickId, shortPlayer, slotOfIp, slotPrefix, WINDOW_SLOTS } from './window-keys.ts'
import { ADD_CLICKS, BEGIN_CLICKS, BEGIN_LIFE, END_EXTERNAL_IDS, READ_IP, TOLD, USE_EXTERNAL_ID, WATCH_IP } from './window-scripts.ts'

/** Clicks of one IP and hour that are kept one by one; further ones are counted by the minute. */
const EXACT_CLICKS_MAX = 512
/** After the window itself: how late a click or a registration may come, by the wall clock, and still meet its window. */
export const SLACK_MS = 3_600_000
/** What passed its limit is remembered as long as a registration may come from it: attribution windows are days. */
export const FLOOD_MEMORY_MS = 35 * 86_400_000
/** The window of a rule is counted to at most this length. */
export const IP_WINDOW_MS_MAX = 7 * 86_400_000
const EXTERNAL_ID_MS = 90 * 86_400_000
/** Players remembered of one external id; two are one too many already. */
const PLAYERS_MAX = 8

/** What a slot knows: next offset and completeness by clicks partition, external ids by scored-events partition. */
export type SlotMeta = { next: Map<number, number>; sinceMs: Map<number, number>; externalIds: Set<number>; token: string | null }

export type WindowClick = { partition: number; offset: number; clickId: string; ipHash: string; atMs: number; windowMs: number; limit: number }
export type ClickRange = { partition: number; first: number; next: number }
/** Number of clicks in the window that ends at the click, and the log time from which that number is complete. */
export type Counted = { clicks: number; completeSinceMs: number }
export type Told = { slot: number; eventId: string; partition: number }
export type IpWindow = { meta: SlotMeta; times: Times; size: number }
export type User = { player: string; partition: number; eventId: string; occurredAtMs: number }

/** Redis was wiped or rolled back: the windows must be filled again from the log. */
export class WindowsLostError extends Error {}

export type Windows = {
  /** Adds a batch to all slots. @throws WindowsLostError */
  addClicks(ranges: ClickRange[], clicks: WindowClick[]): Promise<{ counted: Counted[]; told: Told[] }>
  readIps(queries: { ipHash: string; atMs: number; windowMs: number }[]): Promise<IpWindow[]>
  watchIps(watches: { ipHash: string; eventId: string; partition: number; atMs: number; windowMs: number; limit: number; size: number }[]): Promise<void>
  /** Adds the players of these events to their external ids and answers all players of each, and what the slot knows. */
  useExternalIds(events: { event: PlayerEvent; partition: number }[]): Promise<{ meta: SlotMeta; users: User[] }[]>
  meta(): Promise<SlotMeta[]>
  /** Lets the slots that know nothing of a partition, or only what is below `low`, begin at `start`. Answers where to read from. */
  beginClicks(partition: number, begin: { start: number; sinceMs: number; low: number }): Promise<number>
  /** Runs `fill`, then declares the partition's external ids complete in every slot that was not wiped meanwhile. */
  fillExternalIds(partition: number, token: string, fill: () => Promise<void>): Promise<void>
  told(): Promise<Told[]>
  strikeTold(told: Told[]): Promise<void>
}

/** The windows of the fraud rules in Redis: sixteen hash slots, each with what it has seen of the log beside it. */
export function createWindows(redis: Redis, names: Names): Windows {
  const prefix = (slot: number) => slotPrefix(names, slot)
  const metaKey = (slot: number) => `${prefix(slot)}meta`
  const outKey = (slot: number) => `${prefix(slot)}out`
  const slots = Array.from({ length: WINDOW_SLOTS }, (_, slot) => slot)
  const run = <T>(script: string, keys: string[], ...args: (string | number)[]) => scripted<T>(redis.eval(script, keys.length, ...keys, ...args))

  async function addToSlot(slot: number, ranges: ClickRange[], clicks: WindowClick[]): Promise<{ counted: Counted[]; told: Told[] }> {
    const longest = clicks.reduce((most, { windowMs }) => Math.max(most, windowMs), 0)
    const args: (string | number)[] = [prefix(slot), EXACT_CLICKS_MAX, longest + SLACK_MS, FLOOD_MEMORY_MS, ranges.length]
    for (const { partition, first, next } of ranges) args.push(partition, first, next)
    for (const { partition, offset, ipHash, atMs, clickId, windowMs, limit } of clicks) {
      args.push(partition, offset, ipHash, atMs, shortClickId(clickId), windowMs, limit)
    }
    const [counts, meta, out] = await run<[number[], string[], string[]]>(ADD_CLICKS, [metaKey(slot), outKey(slot)], ...args)
    const completeSinceMs = Math.max(0, ...metaFromReply(meta).sinceMs.values())
    return { counted: counts.map((count) => ({ clicks: count, completeSinceMs })), told: toldFromReply(slot, out) }
  }

  return {
    async addClicks(ranges, clicks) {
      const bySlot = Map.groupBy(clicks.keys(), (i) => slotOfIp(clicks[i]!.ipHash))
      const counted: Counted[] = []
      const told: Told[] = []
      const replies = await Promise.all(
        slots.map((slot) =>
          addToSlot(
            slot,
            ranges,
            (bySlot.get(slot) ?? []).map((i) => clicks[i]!),
          ),
        ),
      )
      for (const slot of slots) {
        for (const [n, i] of (bySlot.get(slot) ?? []).entries()) counted[i] = replies[slot]!.counted[n]!
        told.push(...replies[slot]!.told)
      }
      return { counted, told }
    },

    readIps: (queries) =>
      Promise.all(
        queries.map(async ({ ipHash, atMs, windowMs }) => {
          const slot = slotOfIp(ipHash)
          const [meta, times, over, size] = await run<[string[], string[], string[], number]>(READ_IP, [metaKey(slot)], prefix(slot), ipHash, atMs, windowMs)
          return { meta: metaFromReply(meta), times: timesFromReply(times, over), size }
        }),
      ),

    async watchIps(watches) {
      await Promise.all(
        watches.map(({ ipHash, eventId, partition, atMs, windowMs, limit, size }) => {
          const slot = slotOfIp(ipHash)
          const keys = [metaKey(slot), outKey(slot)]
          return run(WATCH_IP, keys, prefix(slot), ipHash, eventId, partition, atMs, windowMs, limit, size, windowMs + SLACK_MS)
        }),
      )
    },

    useExternalIds: (events) =>
      Promise.all(
        events.map(async ({ event, partition }) => {
          const { slot, id } = externalIdPlace(event)
          const kept = `${partition}|${event.event_id}|${event.occurred_at}`
          const args = [prefix(slot), id, shortPlayer(event), kept, PLAYERS_MAX, EXTERNAL_ID_MS]
          const [meta, users] = await run<[string[], string[]]>(USE_EXTERNAL_ID, [metaKey(slot)], ...args)
          return { meta: metaFromReply(meta), users: usersFromReply(users) }
        }),
      ),

    meta: () => Promise.all(slots.map(async (slot) => metaFromReply(Object.entries(await redis.hgetall(metaKey(slot))).flat()))),

    async beginClicks(partition, { start, sinceMs, low }) {
      const nexts = await Promise.all(slots.map((slot) => run<string>(BEGIN_CLICKS, [metaKey(slot)], partition, start, sinceMs, low)))
      return Math.min(...nexts.map(Number))
    },

    async fillExternalIds(partition, token, fill) {
      const tokens = await Promise.all(slots.map((slot) => run<string>(BEGIN_LIFE, [metaKey(slot)], token)))
      await fill()
      await Promise.all(slots.map((slot) => run(END_EXTERNAL_IDS, [metaKey(slot)], tokens[slot]!, partition)))
    },

    told: async () => (await Promise.all(slots.map(async (slot) => toldFromReply(slot, Object.entries(await redis.hgetall(outKey(slot))).flat())))).flat(),

    async strikeTold(told) {
      const bySlot = Map.groupBy(told, ({ slot }) => slot)
      await Promise.all([...bySlot].map(([slot, list]) => run(TOLD, [outKey(slot)], ...list.map(({ eventId }) => eventId))))
    },
  }
}

async function scripted<T>(reply: Promise<unknown>): Promise<T> {
  try {
    return (await reply) as T
  } catch (error) {
    if (error instanceof Error && error.message.includes('WINDOWS_LOST')) throw new WindowsLostError(error.message)
    throw error
  }
}

function metaFromReply(flat: readonly string[]): SlotMeta {
  const meta: SlotMeta = { next: new Map(), sinceMs: new Map(), externalIds: new Set(), token: null }
  for (const [field, value] of pairs(flat)) {
    const partition = Number(field.slice(1))
    if (field === 'g') meta.token = value
    else if (field[0] === 'o') meta.next.set(partition, Number(value))
    else if (field[0] === 's') meta.sinceMs.set(partition, Number(value))
    else if (field[0] === 'x') meta.externalIds.add(partition)
  }
  return meta
}

function timesFromReply(times: readonly string[], over: readonly string[]): Times {
  const found: Times = times.map((time) => [Number(time), 1])
  for (const [minute, clicks] of pairs(over)) found.push([Number(minute) * 60_000, Number(clicks)])
  return found
}

function usersFromReply(flat: readonly string[]): User[] {
  return pairs(flat).map(([player, kept]) => {
    const [partition, eventId = '', occurredAt] = kept.split('|')
    return { player, partition: Number(partition), eventId, occurredAtMs: Number(occurredAt) }
  })
}

function toldFromReply(slot: number, flat: readonly string[]): Told[] {
  return pairs(flat).map(([eventId, partition]) => ({ slot, eventId, partition: Number(partition) }))
}

function pairs(flat: readonly string[]): [string, string][] {
  return Array.from({ length: flat.length / 2 }, (_, i) => [flat[2 * i] ?? '', flat[2 * i + 1] ?? ''])
}
