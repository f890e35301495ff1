import type { Names } from '../../runtime/names.ts'
import { codecs } from '../../schemas/codec.ts'
import { topics } from '../../schemas/topics.ts'
import type { SpillRecord } from '../spill/spill.ts'
import type { DurableLane } from './durable-lane.ts'
import type { EdgeOutcomes } from './edge-outcomes.ts'

export type OutcomeFlusherOptions = { outcomes: EdgeOutcomes; lane: DurableLane; names: Names; onError: (error: unknown) => void }

const FLUSH_MS = 1_000
/** Counts that could not be stored; beyond this the oldest are given up, as nothing else can be done with them. */
const WAITING_MAX = 10_000

/** Writes the counts of refusals about once a second, and what is left at the end. */
export function createOutcomeFlusher({ outcomes, lane, names, onError }: OutcomeFlusherOptions): { close(): Promise<void> } {
  let waiting: SpillRecord[] = []
  let running: Promise<void> = Promise.resolve()

  async function flush(): Promise<void> {
    const taken = outcomes.take().map(
      (outcome): SpillRecord => ({
        topic: names.topic(topics['edge-outcomes'].name),
        partition: null,
        key: outcome.integration_id,
        value: codecs.EdgeOutcome.encode(outcome),
      }),
    )
    const records = [...waiting, ...taken].slice(-WAITING_MAX)
    waiting = []
    if (records.length === 0) return
    try {
      await lane.store(records, 'money')
    } catch (error) {
      waiting = records
      onError(error)
    }
  }

  const timer = setInterval(() => {
    running = running.then(flush)
  }, FLUSH_MS)
  return {
    async close() {
      clearInterval(timer)
      await running
      await flush()
    },
  }
}
