import type { ChainStep, Docs, Source, StepContext } from './chain-step.ts'
import { orderOf } from './chain-step.ts'
import type { KafkaRecord } from './consume-loop.ts'
import type { Changes, Due, Progress } from './partition-state.ts'
import type { OutputRecord } from './producer.ts'

export type Thought = { outputs: OutputRecord[]; changes: Changes; progress: Progress }

export class ChainHoleError extends Error {}

/**
 * Runs a step over one partition's records in memory: what to emit, what changes, how far it came. After each record
 * every deadline that log time has reached fires, in the order (deadline, key). Pure, and independent of how the
 * records were cut into batches.
 * @throws ChainHoleError when the input misses something its writer had made
 */
export function think<In, Signals>(
  step: ChainStep<In, Signals>,
  batch: { records: KafkaRecord[]; inputs: In[]; signals: Signals },
  loaded: { docs: Map<string, string | null>; due: Due[] },
  from: Progress,
): Thought {
  const outputs: OutputRecord[] = []
  const changes: Changes = { docs: new Map(), due: new Map() }
  const due = new Map(loaded.due.map(({ key, atMs }) => [key, atMs]))
  const docs = docsOver(loaded.docs, changes, due)
  const progress: Progress = { ...from }

  for (const [i, record] of batch.records.entries()) {
    const input = batch.inputs[i] as In
    progress.logTimeMs = Math.max(progress.logTimeMs, record.timestampMs)
    let index = 0
    const context: StepContext<Signals> = {
      record: { partition: record.partition, offset: record.offset },
      duplicate: isRepeated(step, input, record, progress),
      logTimeMs: progress.logTimeMs,
      signals: batch.signals,
      docs,
      emit: (output) => void outputs.push(output),
      nextIndex: () => index++,
    }
    step.onRecord(input, context)
    for (const key of reached(due, progress.logTimeMs)) {
      docs.schedule(key, null)
      step.onDue(key, context)
    }
    progress.applied = record.offset
  }
  return { outputs, changes, progress }
}

/** Documents with changes on top; the deadlines of this batch stand in `due`. */
export function docsOver(loaded: ReadonlyMap<string, string | null>, changes: Changes, due: Map<string, number>): Docs {
  return {
    get(key) {
      if (changes.docs.has(key)) return changes.docs.get(key) ?? null
      const doc = loaded.get(key)
      // Thinking with a document that was not asked for would take "unknown" for "new".
      if (doc === undefined) throw new Error(`the step reads the document ${key}, which it did not name in keysOf`)
      return doc
    },
    set: (key, doc) => void changes.docs.set(key, doc),
    schedule(key, atMs) {
      changes.due.set(key, atMs)
      if (atMs === null) due.delete(key)
      else due.set(key, atMs)
    },
  }
}

function reached(due: ReadonlyMap<string, number>, logTimeMs: number): string[] {
  const keys: [number, string][] = []
  for (const [key, atMs] of due) if (atMs <= logTimeMs) keys.push([atMs, key])
  keys.sort((a, b) => a[0] - b[0] || (a[1] < b[1] ? -1 : 1))
  return keys.map(([, key]) => key)
}

function isRepeated<In>(step: ChainStep<In, never> | ChainStep<In, unknown>, input: In, record: KafkaRecord, progress: Progress): boolean {
  const source: Source | null = step.source?.(input) ?? null
  if (source === null) return false
  const order = orderOf(progress.source, source)
  if (order === 'hole') {
    throw new ChainHoleError(
      `${record.topic}/${record.partition} offset ${record.offset}: source ${source.sourceOffset}.${source.index} came after ${progress.source?.sourceOffset}.${progress.source?.index}`,
    )
  }
  if (order === 'next') progress.source = source
  return order === 'repeated'
}
