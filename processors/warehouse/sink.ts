import type { AssignedPlace, Commit, KafkaRecord, LoopControl, LoopHandler, Place } from '../../runtime/consume-loop.ts'
import { deadLetterFrom } from '../../runtime/dead-letter.ts'
import type { Log } from '../../runtime/log.ts'
import type { Names } from '../../runtime/names.ts'
import type { Probe } from '../../runtime/probe.ts'
import type { Producer } from '../../runtime/producer.ts'
import type { Range } from '../../runtime/read-ranges.ts'
import { createRecordBuffer } from './buffer.ts'
import type { InsertRows } from './insert-rows.ts'
import type { WarehouseMetrics } from './metrics.ts'
import { endOf, type Metadata, metadataFromText, type Plan, textFromPlan, textFromSeen, tokenOf } from './plan.ts'
import type { Position } from './position.ts'
import { type Encoded, type Insert, type TopicRows, topicRows } from './rows.ts'

export type SinkParts = {
  names: Names
  insertRows: InsertRows
  producer: Producer
  readRanges: (ranges: Range[]) => Promise<KafkaRecord[][]>
  metrics: WarehouseMetrics
  probe: Probe
  log: Log
}

/** A plan with its records as rows, ready to be stored. */
type Work = { plan: Plan; source: TopicRows; encoded: Encoded; oldestMs: number }

const FLUSH_RECORDS = 20_000
const FLUSH_BYTES = 24 * 1024 * 1024
const FLUSH_AGE_MS = 300
/** Between two flushes at least this many times what the last one took, so that small inserts do not eat the machine. */
const REST_FACTOR = 3
const REST_MS_MAX = 1_200
const INSERTS_AT_ONCE = 2
const BEGINNING = -2
const STEP = 'warehouse'

/**
 * Stores every record exactly once. A flush names its records in a plan, commits the plan as metadata of the unchanged
 * offsets, inserts under the plan's token, and commits the offsets after it. Whoever is assigned a partition with a
 * plan stores the plan again, to the letter, before anything else: under the same token the engine keeps it once.
 */
export function createSink(control: LoopControl, parts: SinkParts): LoopHandler {
  const sources = new Map(topicRows.map((source) => [parts.names.topic(source.topic), source]))
  const seen = new Map<string, Map<number, Position>>()
  const buffer = createRecordBuffer()
  let waitingSinceMs = 0
  let restUntilMs = 0

  function sourceOf(topic: string): TopicRows {
    const source = sources.get(topic)
    if (source === undefined) throw new Error(`the topic ${topic} has no table`)
    return source
  }

  async function assigned(places: AssignedPlace[]): Promise<Commit[]> {
    const states = places.map((place) => ({ ...place, metadata: metadataFromText(place.committed?.metadata ?? '') }))
    const ends = await replayPlans(states.map((state) => state.metadata))
    const finished: Commit[] = []
    const starts = states.map(({ topic, partition, committed, metadata }) => {
      if (metadata.kind === 'seen') remember(topic, partition, metadata.seen)
      if (metadata.kind !== 'plan') return { topic, partition, offset: committed?.offset ?? BEGINNING }
      const end = endOf(metadata.plan, partition)
      if (end === undefined) throw new Error(`the plan committed for ${topic}/${partition} does not name it`)
      const reached = ends.get(metadata.text)?.get(partition)
      if (reached !== undefined) remember(topic, partition, reached)
      finished.push(commitOf(topic, partition, end))
      return { topic, partition, offset: end }
    })
    control.commit(finished)
    return starts
  }

  /** Each plan once, however many of its partitions came. Answers the positions that each plan reached. */
  async function replayPlans(found: Metadata[]): Promise<Map<string, ReadonlyMap<number, Position>>> {
    const plans = new Map(found.flatMap((metadata) => (metadata.kind === 'plan' ? [[metadata.text, metadata.plan] as const] : [])))
    const ends = new Map<string, ReadonlyMap<number, Position>>()
    for (const [text, plan] of plans) {
      parts.log.info({ plan: text }, 'storing the plan of the previous owner again')
      const records = await parts.readRanges(plan.ranges.map(({ partition, from, to }) => ({ topic: plan.topic, partition, from, to })))
      const work = workOf(plan, records.flat())
      await store([work])
      parts.metrics.replayed()
      ends.set(text, work.encoded.seen)
    }
    return ends
  }

  function workOf(plan: Plan, records: KafkaRecord[]): Work {
    const source = sourceOf(plan.topic)
    const before = new Map(plan.ranges.flatMap(({ partition, seen: position }) => (position === null ? [] : [[partition, position] as const])))
    const oldestMs = records.reduce((oldest, record) => Math.min(oldest, record.timestampMs), Number.POSITIVE_INFINITY)
    return { plan, source, encoded: source.encode(records, before), oldestMs }
  }

  async function handle(records: KafkaRecord[]): Promise<void> {
    if (buffer.count() === 0) waitingSinceMs = Date.now()
    buffer.add(records)
    parts.metrics.buffered(buffer.count())
    if (isDue(Date.now())) await flush()
  }

  function isDue(nowMs: number): boolean {
    if (buffer.count() === 0) return false
    if (buffer.count() >= FLUSH_RECORDS || buffer.bytes() >= FLUSH_BYTES) return true
    return nowMs - waitingSinceMs >= FLUSH_AGE_MS && nowMs >= restUntilMs
  }

  async function flush(): Promise<void> {
    const startMs = Date.now()
    const works = buffer.topics().map((topic) => {
      const { plan, records } = buffer.take(topic, seenOf(topic), sourceOf(topic).hasPositions)
      return workOf(plan, records)
    })
    parts.probe('before_plan')
    control.commit(works.filter(hasEffect).flatMap(openingCommits))
    parts.probe('after_plan')
    await store(works)
    for (const { plan, encoded } of works) {
      for (const [partition, position] of encoded.seen) remember(plan.topic, partition, position)
    }
    parts.probe('before_commit')
    control.commit(works.flatMap(({ plan }) => plan.ranges.map(({ partition, to }) => commitOf(plan.topic, partition, to))))
    parts.probe('after_commit')
    finish(works, startMs)
  }

  /** Dead letters first: once the offset is committed nobody would write them any more. */
  async function store(works: Work[]): Promise<void> {
    for (const work of works) await deadLetter(work)
    const queue = works.flatMap(({ plan, encoded }) => encoded.inserts.map((insert) => ({ insert, token: tokenOf(plan, insert.cut) })))
    const next = async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await insertOne(item.insert, item.token)
    }
    await Promise.all(Array.from({ length: INSERTS_AT_ONCE }, next))
  }

  async function insertOne(insert: Insert, token: string): Promise<void> {
    const startMs = performance.now()
    parts.probe('before_insert')
    await parts.insertRows(insert, token)
    parts.probe('after_insert')
    parts.metrics.inserted(insert, (performance.now() - startMs) / 1_000)
  }

  async function deadLetter({ plan, encoded }: Work): Promise<void> {
    if (encoded.refused.length === 0) return
    const topic = parts.names.topic('dead-letters')
    await parts.producer.append(
      // Log time, so that a replayed plan writes the same letter again.
      encoded.refused.map(({ record, reason }) => deadLetterFrom(record, topic, { step: STEP, reason, atMs: record.timestampMs })),
    )
    for (const { reason } of encoded.refused) parts.metrics.deadLettered(plan.topic, reason)
  }

  function finish(works: Work[], startMs: number): void {
    const nowMs = Date.now()
    waitingSinceMs = nowMs
    restUntilMs = nowMs + Math.min(REST_FACTOR * (nowMs - startMs), REST_MS_MAX)
    parts.metrics.buffered(buffer.count())
    for (const { plan, oldestMs } of works) parts.metrics.stored(plan.topic, (nowMs - oldestMs) / 1_000)
  }

  function seenOf(topic: string): Map<number, Position> {
    const known = seen.get(topic)
    if (known !== undefined) return known
    const fresh = new Map<number, Position>()
    seen.set(topic, fresh)
    return fresh
  }

  function remember(topic: string, partition: number, position: Position): void {
    seenOf(topic).set(partition, position)
  }

  function commitOf(topic: string, partition: number, offset: number): Commit {
    const position = seenOf(topic).get(partition)
    return { topic, partition, offset, metadata: position === undefined ? '' : textFromSeen(position) }
  }

  return {
    assigned,
    handle,
    async revoked(places: Place[]) {
      buffer.drop(places)
      for (const { topic, partition } of places) seen.get(topic)?.delete(partition)
    },
  }
}

/** A plan without rows and dead letters, such as one of ticks, needs no protection. */
function hasEffect({ encoded }: Work): boolean {
  return encoded.inserts.length > 0 || encoded.refused.length > 0
}

function openingCommits({ plan }: Work): Commit[] {
  const metadata = textFromPlan(plan)
  return plan.ranges.map(({ partition, from }) => ({ topic: plan.topic, partition, offset: from, metadata }))
}
