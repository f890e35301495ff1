import type { ChainStep } from '../../runtime/chain-step.ts'
import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import type { OutputRecord } from '../../runtime/producer.ts'
import { think } from '../../runtime/think.ts'
import type { Progress } from '../../runtime/partition-state.ts'

/** What a step made of a partition's log, and what it knows afterwards. */
export type StepRun = { outputs: OutputRecord[]; docs: Map<string, string>; due: Map<string, number>; progress: Progress }

const START: Progress = { applied: -1, logTimeMs: 0, source: null, outputOffset: 0 }

/**
 * Runs a step over the log of one partition in memory, with the meaning that the processors give it and without any
 * service: for each batch load, prepare, think, apply.
 * @param batches the log, cut in any way; offsets follow one another
 */
export async function runStep<In, Signals>(step: ChainStep<In, Signals>, batches: KafkaRecord[][]): Promise<StepRun> {
  const run: StepRun = { outputs: [], docs: new Map(), due: new Map(), progress: START }
  for (const records of batches) {
    if (records.length === 0) continue
    const inputs = records.map((record) => step.parse(record))
    const logTimeMs = records.reduce((max, record) => Math.max(max, record.timestampMs), run.progress.logTimeMs)
    const due = [...run.due].filter(([, atMs]) => atMs <= logTimeMs).map(([key, atMs]) => ({ key, atMs }))
    const keys = [...inputs.flatMap((input) => step.keysOf(input)), ...due.map(({ key }) => key)]
    const docs = new Map(keys.map((key) => [key, run.docs.get(key) ?? null]))
    const signals = await step.prepare({ inputs, due: due.map(({ key }) => key), docs: { get: (key) => docs.get(key) ?? null } })
    const thought = think(step, { records, inputs, signals }, { docs, due }, run.progress)
    run.outputs.push(...thought.outputs)
    for (const [key, doc] of thought.changes.docs) {
      if (doc === null) run.docs.delete(key)
      else run.docs.set(key, doc)
    }
    for (const [key, atMs] of thought.changes.due) {
      if (atMs === null) run.due.delete(key)
      else run.due.set(key, atMs)
    }
    run.progress = thought.progress
  }
  return run
}

/** Cuts a log into batches of the given sizes, over and over until it ends. */
export function inBatches<T>(records: T[], sizes: number[]): T[][] {
  const batches: T[][] = []
  for (let at = 0, i = 0; at < records.length; i++) {
    const size = Math.max(1, sizes[i % Math.max(1, sizes.length)] ?? 1)
    batches.push(records.slice(at, at + size))
    at += size
  }
  return batches
}
