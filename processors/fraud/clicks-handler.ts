import { clickVerdict } from './click-verdict.ts'
import { recheckTick } from './recheck-tick.ts'
import { type ClickRange, IP_WINDOW_MS_MAX, type Told, type WindowClick, type Windows, WindowsLostError } from './windows.ts'
import { type Catalog, type FraudRule, ruleOf } from '../../catalog/catalog.ts'
import type { AssignedPlace, KafkaRecord, LoopControl, LoopHandler } from '../../runtime/consume-loop.ts'
import type { Probe } from '../../runtime/probe.ts'
import type { OutputRecord, Producer } from '../../runtime/producer.ts'
import type { LogReader } from '../../runtime/read-range.ts'
import { codecs } from '../../schemas/codec.ts'
import type { Click } from '../../schemas/records.generated.ts'
import { topics } from '../../schemas/topics.ts'

/** After a loss the windows are filled again with the clicks of this long, by log time; older ones stay unknown. */
const REFILL_MS = 86_400_000
const CHECK_INTERVAL_MS = 1_000
const TICKS_A_BATCH_MAX = 1_000

export type ClicksHandlerOptions = {
  windows: Windows
  producer: Producer
  reader: LogReader
  findCatalog: (version: string) => Promise<Catalog | null>
  topicOf: (name: string) => string
  probe: Probe
  onVerdict: (ruleId: string) => void
  onUnreadable: () => void
}

type ReadClick = { record: KafkaRecord; click: Click }

/**
 * Reads `clicks` into the windows and writes verdicts about the clicks themselves. The windows keep the offset that
 * they hold, so a batch that comes again adds nothing; verdicts and ticks are written before the commit, so they may
 * come again too, and are the same.
 */
export function createClicksHandler(options: ClicksHandlerOptions, control: LoopControl): LoopHandler {
  const { windows, topicOf } = options
  const topic = topicOf(topics.clicks.name)
  let owned: number[] = []
  let checkedMs = 0

  /** Where a partition begins: at what the windows hold, or far enough back to fill them. */
  async function begin({ partition, committed }: AssignedPlace): Promise<number> {
    const marks = await options.reader.watermarks(topic, partition)
    const fromMs = Date.now() - REFILL_MS
    const start = Math.max(marks.low, await options.reader.offsetAt(topic, partition, fromMs))
    const sinceMs = start === 0 ? 0 : fromMs
    const held = await windows.beginClicks(partition, { start, sinceMs, low: marks.low })
    if (held > marks.high)
      throw new Error(`the windows are at offset ${held} of ${topic}/${partition}, but the log ends at ${marks.high}: they do not belong together`)
    // What was counted but not committed may have verdicts that were never written.
    return Math.max(marks.low, Math.min(held, committed?.offset ?? start))
  }

  /** A wipe shows in a silent partition too, and what a dead process had to tell is told. */
  async function check(nowMs: number): Promise<void> {
    if (nowMs - checkedMs < CHECK_INTERVAL_MS) return
    checkedMs = nowMs
    const slots = await windows.meta()
    for (const partition of owned) {
      if (slots.some(({ next }) => !next.has(partition))) throw new WindowsLostError(`partition ${partition} of ${topic} is not in all windows`)
    }
    await tell(await windows.told(), [])
  }

  async function tell(told: Told[], verdicts: OutputRecord[]): Promise<void> {
    const now = told.slice(0, TICKS_A_BATCH_MAX)
    const ticks = now.map(({ partition, eventId }) => recheckTick(topicOf, partition, eventId, Date.now()))
    if (ticks.length + verdicts.length > 0) await options.producer.append([...verdicts, ...ticks])
    if (now.length > 0) await windows.strikeTold(now)
  }

  /** A click that names a catalog nobody published cannot be judged; it is passed over as one that cannot be read. */
  async function withRules(read: ReadClick[]): Promise<(ReadClick & { rule: Extract<FraudRule, { id: 'ip-velocity' }> })[]> {
    const catalogs = await Promise.all(read.map(({ click }) => options.findCatalog(click.catalog_version)))
    return read.flatMap((one, i) => {
      const catalog = catalogs[i] ?? null
      if (catalog === null) options.onUnreadable()
      return catalog === null ? [] : [{ ...one, rule: ruleOf(catalog, 'ip-velocity') }]
    })
  }

  return {
    async assigned(places) {
      owned = places.map(({ partition }) => partition)
      return Promise.all(places.map(async (place) => ({ topic, partition: place.partition, offset: await begin(place) })))
    },
    async handle(records) {
      if (records.length === 0) return check(Date.now())
      const read = await withRules(clicksFromRecords(records, options.onUnreadable))
      const counting = read.map(({ record, click, rule }): WindowClick => {
        const { windowMs, maxClicks } = rule.params
        return {
          partition: record.partition,
          offset: record.offset,
          clickId: click.click_id,
          ipHash: click.ip_hash,
          atMs: click.occurred_at,
          windowMs: Math.min(windowMs, IP_WINDOW_MS_MAX),
          limit: maxClicks[click.ip_class],
        }
      })
      options.probe('after_load')
      const { counted, told } = await windows.addClicks(rangesOf(records), counting)
      options.probe('after_apply')
      const verdicts = read.flatMap(({ record, click, rule }, i) => {
        const verdict = clickVerdict(click, counted[i]!, rule, record.timestampMs)
        if (verdict === null) return []
        options.onVerdict(verdict.reasons[0]?.rule_id ?? '')
        return [{ topic: topicOf(topics['click-verdicts'].name), partition: record.partition, key: click.click_id, value: codecs.Verdict.encode(verdict) }]
      })
      await tell(told, verdicts)
      options.probe('after_produce')
      control.commit(rangesOf(records).map(({ partition, next }) => ({ topic, partition, offset: next })))
      options.probe('after_commit')
    },
    async revoked() {
      owned = []
    },
  }
}

/** Test clicks do not count and get no verdict; a record that cannot be read is left to whoever keeps dead letters of clicks. */
function clicksFromRecords(records: KafkaRecord[], onUnreadable: () => void): ReadClick[] {
  return records.flatMap((record) => {
    const click = clickFromRecord(record)
    if (click === null) onUnreadable()
    return click === null || click.is_test ? [] : [{ record, click }]
  })
}

function clickFromRecord(record: KafkaRecord): Click | null {
  if (record.value === null) return null
  try {
    return codecs.Click.decode(record.value)
  } catch (error) {
    if (error instanceof Error && error.name === 'CodecError') return null
    throw error
  }
}

function rangesOf(records: KafkaRecord[]): ClickRange[] {
  const groups = Map.groupBy(records, ({ partition }) => partition)
  return [...groups].map(([partition, group]) => ({ partition, first: group[0]!.offset, next: group.at(-1)!.offset + 1 }))
}
