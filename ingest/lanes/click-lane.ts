import type { SpillRecord } from '../spill/spill.ts'
import type { DurableLane } from './durable-lane.ts'

/** Takes the records of clicks that have been answered already. Nobody waits for it. */
export type ClickLane = {
  push(record: SpillRecord): void
  depth(): number
  close(): Promise<void>
}

export type ClickLaneOptions = {
  lane: DurableLane
  onStored: (where: 'log' | 'spill', count: number) => void
  onDropped: (count: number) => void
  queueMax?: number
}

const QUEUE_MAX = 20_000
/** Short enough that a killed process loses less than a second of clicks, long enough to write many at once. */
const COLLECT_MS = 10

export function createClickLane({ lane, onStored, onDropped, queueMax = QUEUE_MAX }: ClickLaneOptions): ClickLane {
  let collected: SpillRecord[] = []
  let timer: NodeJS.Timeout | null = null
  let depth = 0
  const inFlight = new Set<Promise<void>>()

  function push(record: SpillRecord): void {
    if (depth >= queueMax) return onDropped(1)
    depth += 1
    collected.push(record)
    timer ??= setTimeout(flush, COLLECT_MS)
  }

  function flush(): void {
    if (timer !== null) clearTimeout(timer)
    timer = null
    const batch = collected
    collected = []
    if (batch.length === 0) return
    const done = store(batch).finally(() => inFlight.delete(done))
    inFlight.add(done)
  }

  async function store(batch: SpillRecord[]): Promise<void> {
    try {
      onStored(await lane.store(batch, 'clicks'), batch.length)
    } catch {
      // Neither log nor disk has room: the ids of these clicks attribute without their records, and the loss is counted.
      onDropped(batch.length)
    } finally {
      depth -= batch.length
    }
  }

  return {
    push,
    depth: () => depth,
    async close() {
      flush()
      await Promise.all(inFlight)
    },
  }
}
