import type { Redis } from 'ioredis'
import { createClicksHandler } from '../../processors/fraud/clicks-handler.ts'
import { keysOfInput } from '../../processors/fraud/core.ts'
import { clickKeys, NOON_MS, testCatalog } from '../../processors/fraud/fixtures.ts'
import type { ClickIp } from '../../processors/fraud/signals.ts'
import { recheckTick } from '../../processors/fraud/recheck-tick.ts'
import { createFraudStep } from '../../processors/fraud/step.ts'
import { createWindows } from '../../processors/fraud/windows.ts'
import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import { createNames } from '../../runtime/names.ts'
import { noProbe } from '../../runtime/probe.ts'
import type { OutputRecord } from '../../runtime/producer.ts'
import { think } from '../../runtime/think.ts'
import { codecs } from '../../schemas/codec.ts'
import type { AttributedEvent, Click, PlayerEvent, ScoredEvent, Verdict } from '../../schemas/records.generated.ts'
import { tickEvent } from '../../schemas/tick.ts'
import { MONEY_PARTITIONS, topics } from '../../schemas/topics.ts'

export const WORLD_SETTLE_MS = 2_000

type Lane = {
  log: KafkaRecord[]
  sourceOffset: number
  docs: Map<string, string | null>
  due: Map<string, number>
  progress: { applied: number; logTimeMs: number; source: { sourceOffset: number; index: number } | null; outputOffset: number }
}

/** Fraud with its real windows in Redis, between logs that are lists and a clock that the test moves. */
export async function createFraudWorld(redis: Redis, namespace: string) {
  const names = createNames(namespace)
  const windows = createWindows(redis, names)
  const topicOf = (name: string) => name
  const clicksLog: KafkaRecord[][] = Array.from({ length: topics.clicks.partitions }, () => [])
  const applied = clicksLog.map(() => 0)
  const lanes: Lane[] = Array.from({ length: MONEY_PARTITIONS }, () => ({
    log: [],
    sourceOffset: 0,
    docs: new Map(),
    due: new Map(),
    progress: { applied: -1, logTimeMs: 0, source: null, outputOffset: 0 },
  }))
  const scored: ScoredEvent[] = []
  const clickVerdicts: Verdict[] = []
  const openClicks = new Map<string, ClickIp>()
  const catalog = testCatalog()
  let nowMs = NOON_MS + 7_200_000

  const recordOf = (topic: string, partition: number, offset: number, value: Buffer): KafkaRecord => ({
    topic,
    partition,
    offset,
    timestampMs: nowMs,
    key: null,
    value,
    headers: {},
  })

  function attribute(partition: number, attributed: AttributedEvent): void {
    const lane = lanes[partition]!
    const value = codecs.AttributedEvent.encode({ ...attributed, source_offset: lane.sourceOffset++, index: 0 })
    lane.log.push(recordOf('attributed-events', partition, lane.log.length, value))
  }

  function attributeTick(partition: number, event: PlayerEvent): void {
    attribute(partition, { event_id: event.event_id, kind: 'tick', event, binding: null, click_state: 'none', click: null, source_offset: 0, index: 0 })
  }

  async function append(records: OutputRecord[]): Promise<void> {
    for (const { topic, partition, value } of records) {
      if (topic === 'click-verdicts') clickVerdicts.push(codecs.Verdict.decode(value))
      if (topic === 'player-events') attributeTick(partition ?? 0, codecs.PlayerEvent.decode(value))
    }
  }

  const reader = {
    watermarks: async (_topic: string, partition: number) => ({ low: 0, high: clicksLog[partition]!.length }),
    offsetAt: async () => 0,
    read: async function* () {},
    close: async () => {},
  }
  const clicks = createClicksHandler(
    {
      windows,
      reader,
      topicOf,
      probe: noProbe,
      findCatalog: async () => catalog,
      onVerdict: () => {},
      onUnreadable: () => {},
      producer: { append, depth: () => 0, close: async () => {} },
    },
    { commit: () => {} },
  )
  const step = createFraudStep(
    { settleMs: WORLD_SETTLE_MS, topic: topicOf, onVerdict: () => {} },
    {
      windows,
      clickKeys,
      settleMs: WORLD_SETTLE_MS,
      catalogOf: async () => catalog,
      clickMarks: async () => clicksLog.map((log) => log.length),
      findClicks: async (ids) => new Map(ids.flatMap((id) => (openClicks.has(id) ? [[id, openClicks.get(id)!]] : []))),
      askRecheck: async (events) => append(events.map(({ partition, eventId }) => recheckTick(topicOf, partition, eventId, nowMs))),
      nowMs: () => nowMs,
      pause: async (ms) => void (nowMs += ms),
    },
  )

  /** Applies what the log holds beyond `from`; from below the applied offset is a redelivery. */
  async function applyClicks(partition: number, from = applied[partition]!, to = clicksLog[partition]!.length): Promise<void> {
    const records = clicksLog[partition]!.slice(from, to)
    if (records.length > 0) await clicks.handle(records)
    applied[partition] = Math.max(applied[partition]!, to)
  }

  /** One batch of a partition. `dies`: after thinking, before anything is kept, so that it is all done again. */
  async function runLane(partition: number, dies = false): Promise<void> {
    const lane = lanes[partition]!
    const records = lane.log.slice(lane.progress.applied + 1)
    if (records.length === 0) return
    const inputs = records.map((record) => step.parse(record))
    const logTimeMs = records.reduce((max, record) => Math.max(max, record.timestampMs), lane.progress.logTimeMs)
    const loaded = { docs: new Map<string, string | null>(), due: [...lane.due].filter(([, at]) => at <= logTimeMs).map(([key, atMs]) => ({ key, atMs })) }
    for (const key of [...inputs.flatMap((input) => keysOfInput(input)), ...loaded.due.map(({ key }) => key)]) loaded.docs.set(key, lane.docs.get(key) ?? null)
    const signals = await step.prepare({ inputs, due: loaded.due.map(({ key }) => key), docs: { get: (key) => loaded.docs.get(key) ?? null } })
    const thought = think(step, { records, inputs, signals }, loaded, lane.progress)
    if (dies) return
    for (const [key, doc] of thought.changes.docs) lane.docs.set(key, doc)
    for (const [key, at] of thought.changes.due) {
      if (at === null) lane.due.delete(key)
      else lane.due.set(key, at)
    }
    lane.progress = thought.progress
    for (const output of thought.outputs) if (output.topic === 'scored-events') scored.push(codecs.ScoredEvent.decode(output.value))
  }

  await clicks.assigned(clicksLog.map((_, partition) => ({ topic: 'clicks', partition, committed: null })))
  for (let partition = 0; partition < MONEY_PARTITIONS; partition++) await windows.fillExternalIds(partition, namespace, async () => {})

  return {
    namespace,
    windows,
    clickVerdicts,
    scored,
    openClicks,
    lanes,
    pass: (ms: number) => void (nowMs += ms),
    click(partition: number, click: Click) {
      clicksLog[partition]!.push(recordOf('clicks', partition, clicksLog[partition]!.length, codecs.Click.encode(click)))
    },
    attribute,
    applyClicks,
    runLane,
    beginClicks: () => clicks.assigned(clicksLog.map((_, partition) => ({ topic: 'clicks', partition, committed: null }))),
    /** Nothing new comes: everything is read, every deadline passes. */
    async quiesce(rounds = 6) {
      for (let round = 0; round < rounds; round++) {
        for (const partition of clicksLog.keys()) await applyClicks(partition)
        await clicks.handle([])
        for (const partition of lanes.keys()) {
          attributeTick(partition, tickEvent(partition, nowMs))
          await runLane(partition)
        }
        nowMs += WORLD_SETTLE_MS * 3
      }
    },
    /** The latest verdict of each event. */
    latest(): Map<string, Verdict> {
      const found = new Map<string, Verdict>()
      for (const { event_id, verdict } of scored) {
        if (verdict !== null && verdict.revision > (found.get(event_id)?.revision ?? 0)) found.set(event_id, verdict)
      }
      return found
    },
  }
}

export type FraudWorld = Awaited<ReturnType<typeof createFraudWorld>>
