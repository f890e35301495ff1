import type { OutputRecord } from '../../runtime/producer.ts'
import type { Spill, SpillRecord, SpillShare } from '../spill/spill.ts'

/** What the lane needs of a producer. */
export type Appender = { append(records: OutputRecord[]): Promise<void> }

/** Keeps records: in the log when it answers in time, else on disk, from where they go to the log later. */
export type DurableLane = {
  /** Resolves when all records are durable; rejects with SpillError when neither log nor disk took them. */
  store(records: SpillRecord[], share: SpillShare): Promise<'log' | 'spill'>
  /** The log did not answer in time; records go to disk until it does. */
  isLogAway(): boolean
  canStore(): boolean
  close(): Promise<void>
}

export type DurableLaneOptions = {
  log: Appender
  spill: Spill
  /** How long a record may wait for the log before it goes to disk as well; twice in the log is harmless. */
  patienceMs?: number
  onChange?: (isAway: boolean) => void
  onDrained?: (records: number) => void
}

const PATIENCE_MS = 1_500
const RETRY_MS = 300
const IDLE_MS = 100
const DRAIN_RECORDS_MAX = 1_000
/** How long the end waits for a batch that is being drained; it stays on disk until it is acknowledged. */
const CLOSE_WAIT_MS = 1_000

export function createDurableLane(options: DurableLaneOptions): DurableLane {
  const { log, spill } = options
  const patienceMs = options.patienceMs ?? PATIENCE_MS
  // Records left on disk tell that the log was away when the former process ended: ask it before anybody waits for it.
  let isAway = spill.state().records > 0
  let spilling = 0
  let closed = false

  function setAway(value: boolean): void {
    if (isAway === value) return
    isAway = value
    options.onChange?.(value)
  }

  async function store(records: SpillRecord[], share: SpillShare): Promise<'log' | 'spill'> {
    if (!isAway && (await isAppendedInTime(log, records, patienceMs))) return 'log'
    setAway(true)
    spilling += 1
    try {
      await spill.append(records, share)
    } finally {
      spilling -= 1
    }
    return 'spill'
  }

  /** Moves the oldest records from disk to the log: the way back, and the test whether the log is there again. */
  async function drain(): Promise<void> {
    while (!closed) {
      const head = await spill.oldest()
      if (head === null) {
        // Nothing on disk to test the log with, nor on its way there: the next record shall try it.
        if (spilling === 0) setAway(false)
        await pause(IDLE_MS)
        continue
      }
      for (let at = 0; at < head.records.length && !closed; ) {
        const batch = head.records.slice(at, at + DRAIN_RECORDS_MAX)
        if (await isAppended(log, batch)) {
          at += batch.length
          setAway(false)
          options.onDrained?.(batch.length)
        } else {
          setAway(true)
          await pause(RETRY_MS)
        }
      }
      if (!closed) await spill.remove(head.segment)
    }
  }

  const draining = drain()
  // A disk that cannot be read is broken infrastructure; whoever closes the lane learns of it, and so does the process.
  draining.catch((error: unknown) =>
    setImmediate(() => {
      throw error
    }),
  )

  return {
    store,
    isLogAway: () => isAway,
    canStore: () => !isAway || spill.hasRoom(),
    async close() {
      closed = true
      await Promise.race([draining, pause(CLOSE_WAIT_MS)])
    },
  }
}

async function isAppended(log: Appender, records: SpillRecord[]): Promise<boolean> {
  try {
    await log.append(records)
    return true
  } catch {
    // Whatever the reason, the records are not known to be in the log; they are kept and tried again.
    return false
  }
}

async function isAppendedInTime(log: Appender, records: SpillRecord[], patienceMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, patienceMs, false)
  })
  const isInTime = await Promise.race([isAppended(log, records), late])
  clearTimeout(timer)
  return isInTime
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms).unref())
}
