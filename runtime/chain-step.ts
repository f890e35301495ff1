import type { KafkaRecord } from './consume-loop.ts'
import type { OutputRecord } from './producer.ts'

/** Where a record stands in what its writer made of its own input. */
export type Source = { sourceOffset: number; index: number }

/** State documents as a step sees them: JSON texts by key, and at most one deadline a key. */
export type Docs = {
  get(key: string): string | null
  set(key: string, doc: string | null): void
  /** Calls onDue(key) once log time has reached `atMs`; null takes the deadline back. */
  schedule(key: string, atMs: number | null): void
}

export type StepContext<Signals> = {
  /** The input that causes what is emitted now. */
  record: { partition: number; offset: number }
  /** The input is a repetition in transport: it is passed on as such and has no other effect. */
  duplicate: boolean
  logTimeMs: number
  signals: Signals
  docs: Docs
  emit(record: OutputRecord): void
  /** 0, 1, 2 ... within this input; 0 is the answer to the record itself. */
  nextIndex(): number
}

export type Work<In> = { inputs: In[]; due: string[]; docs: { get(key: string): string | null } }

/**
 * One step of the chain. Everything but `prepare` is pure: the same inputs, documents and signals give the same
 * emissions, however the log was cut into batches.
 */
export type ChainStep<In, Signals> = {
  /** Names the group, the state and the metrics. */
  name: string
  /** Topic, without the namespace. */
  input: string
  /** Never throws: a record that cannot be read is a value too. */
  parse(record: KafkaRecord): In
  /** For inputs that are another step's outputs; lets the harness find repetitions and holes. */
  source?(input: In): Source | null
  /** Documents that the input touches. */
  keysOf(input: In): string[]
  /** The only I/O before thinking. */
  prepare(work: Work<In>): Promise<Signals>
  onRecord(input: In, context: StepContext<Signals>): void
  onDue(key: string, context: StepContext<Signals>): void
  restore: Restore
}

/**
 * How the state is made again when Redis was wiped or rolled back. `replay-input`: the step is a function of its input
 * log, which is kept for ever: it is read again, and nothing is emitted. `fold-output`: decisions depend on what had
 * arrived, so they are facts: the step's own outputs are read back, at every assignment, and never made again.
 */
export type Restore =
  | { kind: 'replay-input' }
  | {
      kind: 'fold-output'
      topic: string
      /** Documents that the recorded output touches. */
      keysOf(record: KafkaRecord): string[]
      /** Puts what the output says into the documents; harmless when it is there already. Null: not readable, passed over. */
      fold(record: KafkaRecord, docs: Docs): { applied: number; source: Source | null } | null
    }

/** Compares with what was read before: `next` is new, `repeated` was there already, `hole` means something is missing. */
export function orderOf(seen: Source | null, got: Source): 'next' | 'repeated' | 'hole' {
  if (seen === null) return 'next'
  if (got.sourceOffset < seen.sourceOffset || (got.sourceOffset === seen.sourceOffset && got.index <= seen.index)) return 'repeated'
  if (got.sourceOffset === seen.sourceOffset) return got.index === seen.index + 1 ? 'next' : 'hole'
  return got.sourceOffset === seen.sourceOffset + 1 && got.index === 0 ? 'next' : 'hole'
}
