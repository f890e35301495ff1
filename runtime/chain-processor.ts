import type { Redis } from 'ioredis'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import { type ChainStep, orderOf } from './chain-step.ts'
import { type ConsumeLoop, type KafkaRecord, type LoopControl, type LoopHandler, runConsumeLoop } from './consume-loop.ts'
import type { Log } from './log.ts'
import type { LogReader } from './read-range.ts'
import type { Names } from './names.ts'
import { type Claim, createPartitionState, type PartitionState, StateError } from './partition-state.ts'
import type { Probe } from './probe.ts'
import type { OutputRecord, Producer } from './producer.ts'
import { docsOver, think } from './think.ts'

export type ChainProcessorOptions<In, Signals> = {
  step: ChainStep<In, Signals>
  brokers: string
  names: Names
  instance: string | null
  redis: Redis
  producer: Producer
  reader: LogReader
  registry: Registry
  log: Log
  probe: Probe
  /** The record that makes log time move in a silent partition. */
  tick: (partition: number) => OutputRecord
  client?: Record<string, unknown>
}

type Owned = { partition: number; state: PartitionState; claim: Claim; committed: number; lastTickMs: number; lastMarkMs: number }

const BATCH_RECORDS_MAX = 500
/** A wipe during a rebuild starts another rebuild; a Redis that is wiped all the time is broken. */
const RECOVERIES_MAX = 20
const TICK_RETRY_MS = 500
const OUTPUT_MARK_INTERVAL_MS = 10_000

/**
 * Runs a step of the chain on the partitions that its group gives it. In a batch: load, think, produce and await the
 * acknowledgements, apply, commit. Whatever happens between two of these, the next owner finds either the state before
 * or the state after, and outputs that were made twice carry the same source offset and index.
 */
export function runChainProcessor<In, Signals>(options: ChainProcessorOptions<In, Signals>): ConsumeLoop {
  const { step, names } = options
  return runConsumeLoop({
    brokers: options.brokers,
    group: names.group(step.name),
    clientId: `tributary-${step.name}`,
    instance: options.instance,
    topics: [names.topic(step.input)],
    batchMax: BATCH_RECORDS_MAX,
    log: options.log,
    ...(options.client === undefined ? {} : { client: options.client }),
    createHandler: (control) => createChainHandler(options, control),
  })
}

function createChainHandler<In, Signals>(options: ChainProcessorOptions<In, Signals>, control: LoopControl): LoopHandler {
  const { step, names, log, probe } = options
  const topic = names.topic(step.input)
  const owned = new Map<number, Owned>()
  const measures = createMeasures(options.registry)

  async function recover(part: Owned): Promise<void> {
    // What was applied here was also produced, so nothing below that offset may be emitted again.
    const upTo = Math.max(part.committed, part.claim.applied + 1)
    part.claim = await part.state.claim(Date.now())
    await restore(part, upTo)
  }

  async function restore(part: Owned, upTo: number): Promise<void> {
    if (step.restore.kind === 'fold-output') await foldOutputs(part)
    if (part.claim.applied + 1 >= upTo) return
    const from = part.claim.applied + 1
    log.warn({ partition: part.partition, from, to: upTo }, 'the state is behind the log: rebuilding it')
    measures.rebuilds.inc()
    // Decisions that were made stay made: the input is read again without a word to anybody.
    if (step.restore.kind === 'replay-input') {
      for await (const records of options.reader.read({ topic, partition: part.partition, from, to: upTo })) {
        await advance(part, records, { emit: false })
      }
    }
    // Going on would leave facts out of every later decision about money.
    if (part.claim.applied + 1 < upTo) {
      throw new Error(`${topic}/${part.partition}: the log gives the state back up to offset ${part.claim.applied}, but ${upTo - 1} was committed`)
    }
    log.info({ partition: part.partition, applied: part.claim.applied }, 'the state is rebuilt')
  }

  async function foldOutputs(part: Owned): Promise<void> {
    const fold = step.restore
    if (fold.kind !== 'fold-output') return
    const outputTopic = names.topic(fold.topic)
    const marks = await options.reader.watermarks(outputTopic, part.partition)
    for await (const records of options.reader.read({ topic: outputTopic, partition: part.partition, from: part.claim.outputOffset, to: marks.high })) {
      const loaded = await part.state.load(
        part.claim,
        records.flatMap((record) => fold.keysOf(record)),
        -1,
      )
      const changes = { docs: new Map<string, string | null>(), due: new Map<string, number | null>() }
      const docs = docsOver(loaded.docs, changes, new Map())
      const progress = { ...part.claim, outputOffset: (records.at(-1)?.offset ?? 0) + 1 }
      for (const record of records) {
        const folded = fold.fold(record, docs)
        if (folded === null || folded.applied < progress.applied) continue
        progress.applied = folded.applied
        // A repetition in transport was passed on too; it must not set the position back.
        if (folded.source !== null && orderOf(progress.source, folded.source) !== 'repeated') progress.source = folded.source
      }
      part.claim.nextDueMs = await part.state.apply(part.claim, changes, progress)
      Object.assign(part.claim, progress, { nextDueMs: part.claim.nextDueMs })
    }
  }

  /** One pass over records that follow the applied offset. */
  async function advance(part: Owned, records: KafkaRecord[], how: { emit: boolean }): Promise<void> {
    const inputs = records.map((record) => step.parse(record))
    const logTimeMs = records.reduce((max, record) => Math.max(max, record.timestampMs), part.claim.logTimeMs)
    const loaded = await part.state.load(
      part.claim,
      inputs.flatMap((input) => step.keysOf(input)),
      logTimeMs,
    )
    const due = loaded.due.map(({ key }) => key)
    const signals = await step.prepare({ inputs, due, docs: { get: (key) => loaded.docs.get(key) ?? null } })
    const thought = think(step, { records, inputs, signals }, loaded, part.claim)
    if (how.emit) {
      probe('after_load')
      await options.producer.append(thought.outputs)
      measures.outputs.inc(thought.outputs.length)
      probe('after_produce')
    }
    const nextDueMs = await part.state.apply(part.claim, thought.changes, thought.progress)
    Object.assign(part.claim, thought.progress, { nextDueMs })
    if (how.emit) probe('after_apply')
  }

  async function advanceThrough(part: Owned, records: KafkaRecord[]): Promise<void> {
    for (let recoveries = 0; ; recoveries++) {
      try {
        const todo = records.filter((record) => record.offset > part.claim.applied)
        if (todo.length > 0) await advance(part, todo, { emit: true })
        return
      } catch (error) {
        await recoverFrom(part, error, recoveries)
      }
    }
  }

  async function recoverFrom(part: Owned, error: unknown, recoveries: number): Promise<void> {
    const lost = (error instanceof StateError && error.code === 'lost') || isConnectionLoss(error)
    if (!lost || recoveries >= RECOVERIES_MAX) throw error
    log.warn({ partition: part.partition, reason: String(error) }, 'the state must be taken up again')
    try {
      await recover(part)
    } catch (again) {
      if (!(again instanceof StateError && again.code === 'lost') && !isConnectionLoss(again)) throw again
    }
  }

  async function own(place: { partition: number; committed: { offset: number } | null }): Promise<Owned> {
    const state = createPartitionState(options.redis, names, step.name, place.partition)
    const committed = place.committed?.offset ?? 0
    for (let recoveries = 0; ; recoveries++) {
      const claim = await state.claim(Date.now())
      const part: Owned = { partition: place.partition, state, claim, committed, lastTickMs: 0, lastMarkMs: Date.now() }
      const marks = await options.reader.watermarks(topic, place.partition)
      if (claim.applied >= marks.high) {
        throw new Error(
          `the state of ${topic}/${place.partition} is at offset ${claim.applied}, but the log ends at ${marks.high}: they do not belong together`,
        )
      }
      try {
        await restore(part, committed)
        return part
      } catch (error) {
        if (recoveries >= RECOVERIES_MAX || !((error instanceof StateError && error.code === 'lost') || isConnectionLoss(error))) throw error
      }
    }
  }

  async function tickSilent(nowMs: number): Promise<void> {
    const ticks: OutputRecord[] = []
    for (const part of owned.values()) {
      const { nextDueMs } = part.claim
      if (nextDueMs === null || nextDueMs > nowMs || nowMs - part.lastTickMs < TICK_RETRY_MS) continue
      part.lastTickMs = nowMs
      ticks.push(options.tick(part.partition))
    }
    if (ticks.length > 0) await options.producer.append(ticks)
  }

  /** Between two batches every output in the log is applied, so a later owner need not read it back. */
  async function markOutputs(nowMs: number): Promise<void> {
    if (step.restore.kind !== 'fold-output') return
    const outputTopic = names.topic(step.restore.topic)
    for (const part of owned.values()) {
      if (nowMs - part.lastMarkMs < OUTPUT_MARK_INTERVAL_MS) continue
      part.lastMarkMs = nowMs
      part.claim.outputOffset = (await options.reader.watermarks(outputTopic, part.partition)).high
    }
  }

  return {
    async assigned(places) {
      owned.clear()
      for (const place of places) owned.set(place.partition, await own(place))
      return places.map(({ partition }) => ({ topic, partition, offset: (owned.get(partition)?.claim.applied ?? -1) + 1 }))
    },
    async handle(records) {
      const nowMs = Date.now()
      await tickSilent(nowMs)
      await markOutputs(nowMs)
      if (records.length === 0) return
      const started = process.hrtime.bigint()
      const groups = Map.groupBy(records, (record) => record.partition)
      await Promise.all([...groups].map(([partition, group]) => advanceThrough(ownedPart(owned, partition), group)))
      probe('before_commit')
      const commits = [...groups].map(([partition, group]) => ({ topic, partition, offset: (group.at(-1)?.offset ?? 0) + 1 }))
      control.commit(commits)
      for (const { partition, offset } of commits) ownedPart(owned, partition).committed = offset
      measures.inputs.inc(records.length)
      measures.batchSeconds.observe(Number(process.hrtime.bigint() - started) / 1e9)
      measures.logTime.set(Math.max(...[...owned.values()].map((part) => part.claim.logTimeMs)) / 1000)
      probe('after_commit')
    },
    async revoked() {
      owned.clear()
    },
  }
}

function ownedPart(owned: ReadonlyMap<number, Owned>, partition: number): Owned {
  const part = owned.get(partition)
  if (part === undefined) throw new Error(`a record of partition ${partition}, which is not owned`)
  return part
}

/** The connection broke with a command on its way: whether it was carried out is found out by taking up the state again. */
function isConnectionLoss(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = (error as Error & { code?: string }).code ?? ''
  return (
    /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT|NR_CLOSED)$/.test(code) || /Connection is closed|LOADING|Socket closed|command timed out/i.test(error.message)
  )
}

function createMeasures(registry: Registry) {
  const registers = [registry]
  return {
    inputs: new Counter({ name: 'chain_inputs_total', help: 'Records applied; flat while lag grows means that the step is stuck', registers }),
    outputs: new Counter({ name: 'chain_outputs_total', help: 'Records produced and acknowledged', registers }),
    rebuilds: new Counter({ name: 'chain_rebuilds_total', help: 'Partitions rebuilt from the log; rises only when Redis lost data', registers }),
    logTime: new Gauge({ name: 'chain_log_time_seconds', help: 'Newest log time applied; the distance to now is the lag in seconds', registers }),
    batchSeconds: new Histogram({
      name: 'chain_batch_seconds',
      help: 'From the records of a batch to its commit',
      buckets: [0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
      registers,
    }),
  }
}
