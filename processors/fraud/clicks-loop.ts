import { createClicksHandler, type ClicksHandlerOptions } from './clicks-handler.ts'
import { WindowsLostError } from './windows.ts'
import { type ConsumeLoop, runConsumeLoop } from '../../runtime/consume-loop.ts'
import type { Log } from '../../runtime/log.ts'
import type { Names } from '../../runtime/names.ts'

const BATCH_RECORDS_MAX = 2_000
const RESTART_PAUSE_MS = 200
/** In a row, each without a batch read in between; a Redis that never comes to rest is broken. */
const RESTARTS_MAX = 50
const CALM_MS = 10_000

export type ClicksLoopOptions = ClicksHandlerOptions & { brokers: string; names: Names; instance: string | null; log: Log; onRefill: () => void }

/** Keeps the windows filled from `clicks`; begins again, from what Redis still has, when Redis has lost something. */
export function runClicksLoop(options: ClicksLoopOptions): { done: Promise<void>; stop(): Promise<void> } {
  let stopping = false
  let loop: ConsumeLoop | null = null

  async function run(): Promise<void> {
    for (let restarts = 0; !stopping; restarts++) {
      const startedMs = Date.now()
      loop = runConsumeLoop({
        brokers: options.brokers,
        group: options.names.group('fraud-clicks'),
        clientId: 'tributary-fraud-clicks',
        instance: options.instance,
        topics: [options.topicOf('clicks')],
        batchMax: BATCH_RECORDS_MAX,
        log: options.log,
        createHandler: (control) => createClicksHandler(options, control),
      })
      try {
        await loop.done
      } catch (error) {
        if (Date.now() - startedMs > CALM_MS) restarts = 0
        if (!isPassing(error) || restarts >= RESTARTS_MAX) throw error
        options.log.warn({ reason: String(error) }, 'the click windows must be taken up again')
        options.onRefill()
        await new Promise((resolve) => setTimeout(resolve, RESTART_PAUSE_MS))
      }
    }
  }

  const done = run()
  done.catch(() => {})
  return {
    done,
    async stop() {
      stopping = true
      await loop?.stop()
      await done.catch(() => {})
    },
  }
}

/** Redis lost the windows, or its connection broke with a script on its way: both are mended by beginning again. */
export function isPassing(error: unknown): boolean {
  if (error instanceof WindowsLostError) return true
  if (!(error instanceof Error)) return false
  const code = (error as Error & { code?: string }).code ?? ''
  return /^(ECONNRESET|ECONNREFUSED|EPIPE|ETIMEDOUT)$/.test(code) || /Connection is closed|LOADING|Socket closed/i.test(error.message)
}
