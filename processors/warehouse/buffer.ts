import type { KafkaRecord, Place } from '../../runtime/consume-loop.ts'
import { type Plan, planFromRanges, type PlanRange } from './plan.ts'
import { type Position, START } from './position.ts'

/** Records that were read and are not stored yet, by topic and partition, in log order. */
export type RecordBuffer = {
  add(records: readonly KafkaRecord[]): void
  count(): number
  bytes(): number
  topics(): string[]
  /** Takes the records of as many partitions of a topic as one plan can name. */
  take(topic: string, seen: ReadonlyMap<number, Position>, hasPositions: boolean): { plan: Plan; records: KafkaRecord[] }
  drop(places: readonly Place[]): void
}

export function createRecordBuffer(): RecordBuffer {
  const byTopic = new Map<string, Map<number, KafkaRecord[]>>()
  let count = 0
  let bytes = 0

  function remove(topic: string, partition: number): KafkaRecord[] {
    const partitions = byTopic.get(topic)
    const records = partitions?.get(partition) ?? []
    partitions?.delete(partition)
    if (partitions?.size === 0) byTopic.delete(topic)
    count -= records.length
    for (const record of records) bytes -= record.value?.length ?? 0
    return records
  }

  return {
    add(records) {
      for (const record of records) {
        let partitions = byTopic.get(record.topic)
        if (partitions === undefined) byTopic.set(record.topic, (partitions = new Map()))
        const list = partitions.get(record.partition)
        if (list === undefined) partitions.set(record.partition, [record])
        else list.push(record)
        count += 1
        bytes += record.value?.length ?? 0
      }
    },
    count: () => count,
    bytes: () => bytes,
    topics: () => [...byTopic.keys()],
    take(topic, seen, hasPositions) {
      const ranges: PlanRange[] = []
      for (const [partition, records] of byTopic.get(topic) ?? []) {
        const range = rangeOf(partition, records)
        if (range !== null) ranges.push({ ...range, seen: hasPositions ? (seen.get(partition) ?? START) : null })
      }
      const plan = planFromRanges(topic, ranges)
      return { plan, records: plan.ranges.flatMap(({ partition }) => remove(topic, partition)) }
    },
    drop(places) {
      for (const { topic, partition } of places) remove(topic, partition)
    },
  }
}

function rangeOf(partition: number, records: readonly KafkaRecord[]): Omit<PlanRange, 'seen'> | null {
  const first = records[0]
  const last = records.at(-1)
  return first === undefined || last === undefined ? null : { partition, from: first.offset, to: last.offset + 1, sinceMs: first.timestampMs }
}
