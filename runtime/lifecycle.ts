import type { Log } from './log.ts'

const STOP_DEADLINE_MS = 9_000

/**
 * A client that does not close in time still holds a thread, and an orderly exit would wait for that thread for ever:
 * the process must be ended from outside.
 */
export class StuckError extends Error {}

/** Undoes in reverse order what was started in order. Every part that can be stopped is put here the moment it runs. */
export type Stack = {
  add(name: string, stop: () => Promise<unknown> | void): void
  /** Answers whether every part let go. */
  stop(): Promise<boolean>
}

export function createStack(log: Log): Stack {
  const parts: { name: string; stop: () => Promise<unknown> | void }[] = []
  return {
    add: (name, stop) => void parts.push({ name, stop }),
    async stop() {
      let isFree = true
      for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
        try {
          await part.stop()
        } catch (error) {
          if (error instanceof StuckError) isFree = false
          log.warn({ part: part.name, error: messageOf(error) }, 'a part did not stop cleanly')
        }
      }
      return isFree
    },
  }
}

/**
 * Runs a process: starts, waits for SIGTERM, SIGINT or a failure, stops in reverse order. Exits 0 after a signal and 1
 * after a failure; after the deadline it kills itself, since a process that hangs at its end holds its partitions.
 */
export async function runService(log: Log, start: (stack: Stack, fail: (error: unknown) => void) => Promise<void>): Promise<never> {
  const stack = createStack(log)
  let finish: (code: number) => void = () => {}
  const finished = new Promise<number>((resolve) => {
    finish = resolve
  })
  const fail = (error: unknown) => {
    log.error({ error: messageOf(error), stack: error instanceof Error ? error.stack : undefined }, 'cannot go on')
    finish(1)
  }
  process.once('SIGTERM', () => finish(0))
  process.once('SIGINT', () => finish(0))
  process.once('uncaughtException', fail)
  process.once('unhandledRejection', fail)
  start(stack, fail).catch(fail)
  const code = await finished
  setTimeout(end, STOP_DEADLINE_MS)
  if (!(await stack.stop())) end()
  process.exit(code)
}

/** Everything that must not be lost is in the log or on disk by now. */
function end(): void {
  process.kill(process.pid, 'SIGKILL')
}

/** The message of whatever was thrown, with that of its cause. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${messageOf(error.cause)}`
}
