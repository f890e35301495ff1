import type { Redis } from 'ioredis'
import { Counter, type Registry } from 'prom-client'
import type { Catalog } from '../../catalog/catalog.ts'
import { type ConsumeLoop, type KafkaRecord, type LoopControl, type LoopHandler, runConsumeLoop } from '../../runtime/consume-loop.ts'
import type { Log } from '../../runtime/log.ts'
import type { Names } from '../../runtime/names.ts'
import type { LogReader } from '../../runtime/read-range.ts'
import { CodecError, codecs } from '../../schemas/codec.ts'
import type { Click } from '../../schemas/records.generated.ts'
import { OPEN_CLICK_FAMILY } from '../../schemas/open-click.ts'
import { topics } from '../../schemas/topics.ts'
import type { OpenClicks } from './open-clicks.ts'

export type ClicksLoopOptions = {
  brokers: string
  names: Names
  instance: string | null
  redis: Redis
  /** A reader of its own: reading a range again must not stand in the way of the money. */
  reader: LogReader
  openClicks: OpenClicks
  latestCatalog(): Promise<Catalog | null>
  registry: Registry
  log: Log
}

type Position = { partition: number; next: number }

const BATCH_RECORDS_MAX = 2_000
const KEEP_SLACK_MS = 86_400_000
/** No offer has a longer window than the clicks are kept for. */
const KEEP_MS_MAX = topics.clicks.retentionMs
const KEEP_READ_INTERVAL_MS = 60_000
const WIPE_CHECK_INTERVAL_MS = 1_000
const PUT_ATTEMPTS_MAX = 60
const PUT_RETRY_MS = 500
const REFILLS_MAX = 20
const FILLED = 'filled'
const BEGINNING = -2

/**
 * Keeps the open clicks: a second loop beside the chain, with a group of its own, since clicks come in floods and
 * money must not stand in line behind them. A mark for each partition says that Redis has what was read; when the mark
 * is gone, Redis was wiped, and the clicks that are still open are read again.
 */
export function runClicksLoop(options: ClicksLoopOptions): ConsumeLoop {
  return runConsumeLoop({
    brokers: options.brokers,
    group: options.names.group('attribution-clicks'),
    clientId: 'tributary-attribution-clicks',
    instance: options.instance,
    topics: [options.names.topic(topics.clicks.name)],
    batchMax: BATCH_RECORDS_MAX,
    log: options.log,
    createHandler: (control) => createClicksHandler(options, control),
  })
}

function createClicksHandler(options: ClicksLoopOptions, control: LoopControl): LoopHandler {
  const { names, redis, reader, log } = options
  const topic = names.topic(topics.clicks.name)
  const positions = new Map<number, Position>()
  const stored = new Counter({
    name: 'open_clicks_stored_total',
    help: 'Clicks kept for the join; flat under traffic means that joins will miss',
    registers: [options.registry],
  })
  const unreadable = new Counter({
    name: 'open_clicks_unreadable_total',
    help: 'Click records that could not be read; the warehouse dead-letters them',
    registers: [options.registry],
  })
  let checkedAtMs = 0
  let keepMs = KEEP_MS_MAX
  let keepReadAtMs = 0

  /** How long a click can still be joined, with slack; a changed catalog counts after a while, which the slack covers. */
  async function currentKeepMs(nowMs: number): Promise<number> {
    if (nowMs - keepReadAtMs < KEEP_READ_INTERVAL_MS) return keepMs
    const catalog = await options.latestCatalog()
    keepMs = catalog === null ? KEEP_MS_MAX : longestWindowMs(catalog) + KEEP_SLACK_MS
    keepReadAtMs = nowMs
    return keepMs
  }

  async function keep(records: KafkaRecord[]): Promise<void> {
    const clicks = records.map(clickFromRecord)
    const readable = clicks.filter((click) => click !== null)
    const openMs = await currentKeepMs(Date.now())
    await persistently(() => options.openClicks.put(readable, openMs))
    stored.inc(readable.length)
    unreadable.inc(clicks.filter((click) => click === null).length)
  }

  const markKey = (partition: number) => names.redis(`${OPEN_CLICK_FAMILY}:filled:${partition}`)

  async function refillWiped(nowMs: number): Promise<void> {
    if (positions.size === 0 || nowMs - checkedAtMs < WIPE_CHECK_INTERVAL_MS) return
    checkedAtMs = nowMs
    const owned = [...positions.values()]
    const marks = await persistently(() => redis.mget(owned.map(({ partition }) => markKey(partition))))
    for (const [i, position] of owned.entries()) if (marks[i] !== FILLED) await refill(position)
  }

  /** Reads the clicks again from which somebody may still register. A wipe in the meantime starts it over. */
  async function refill({ partition, next }: Position): Promise<void> {
    const openMs = await currentKeepMs(Date.now())
    for (let attempt = 1; attempt <= REFILLS_MAX; attempt++) {
      const token = `filling ${process.pid} ${Date.now()}`
      await persistently(() => redis.set(markKey(partition), token))
      const from = next === 0 ? 0 : await reader.offsetAt(topic, partition, Date.now() - openMs)
      if (from < next) {
        log.warn({ partition, from, to: next }, 'the open clicks are gone: reading them again')
        for await (const records of reader.read({ topic, partition, from, to: next })) await keep(records)
      }
      if ((await persistently(() => redis.get(markKey(partition)))) !== token) continue
      await persistently(() => redis.set(markKey(partition), FILLED))
      return
    }
    throw new Error(`Redis was wiped ${REFILLS_MAX} times while open clicks were read again`)
  }

  return {
    async assigned(places) {
      positions.clear()
      checkedAtMs = 0
      for (const { partition, committed } of places) positions.set(partition, { partition, next: committed?.offset ?? 0 })
      return places.map(({ partition, committed }) => ({ topic, partition, offset: committed?.offset ?? BEGINNING }))
    },
    async handle(records) {
      await refillWiped(Date.now())
      if (records.length === 0) return
      await keep(records)
      for (const { partition, offset } of records) positions.set(partition, { partition, next: offset + 1 })
      const touched = new Set(records.map(({ partition }) => partition))
      control.commit([...touched].map((partition) => ({ topic, partition, offset: positions.get(partition)?.next ?? 0 })))
    },
    async revoked() {
      positions.clear()
    },
  }
}

function clickFromRecord(record: KafkaRecord): Click | null {
  try {
    return codecs.Click.decode(record.value ?? Buffer.alloc(0))
  } catch (error) {
    if (error instanceof CodecError) return null
    throw error
  }
}

function longestWindowMs(catalog: Catalog): number {
  return Math.min(
    KEEP_MS_MAX,
    catalog.offers.reduce((longest, offer) => Math.max(longest, offer.attributionWindowMs), 0),
  )
}

/** Redis away is waited for. Every command here may be carried out twice. */
async function persistently<T>(command: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await command()
    } catch (error) {
      if (attempt === PUT_ATTEMPTS_MAX) throw error
      await new Promise((resolve) => setTimeout(resolve, PUT_RETRY_MS))
    }
  }
}
