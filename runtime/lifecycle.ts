import type { Log } from './log.ts'

const STOP_DEADLINE_MS = 9_000

/** Undoes in reverse order what was started in order. Every part that can be stopped is put here the moment it runs. */
export type Stack = { add(name: string, stop: () => Promise<unknown> | void): void; stop(): Promise<void> }

export function createStack(log: Log): Stack {
  const parts: { name: string; stop: () => Promise<unknown> | void }[] = []
  return {
    add: (name, stop) => void parts.push({ name, stop }),
    async stop() {
      for (let part = parts.pop(); part !== undefined; part = parts.pop()) {
        try {
          await part.stop()
        } catch (error) {
          log.warn({ part: part.name, error: messageOf(error) }, 'a part did not stop cleanly')
        }
      }
    },
  }
}

/**
 * Runs a process: starts, waits for SIGTERM, SIGINT or a failure, stops in reverse order. Exits 0 after a signal, 1
 * after a failure, and after the deadline in any case, since a process that hangs at its end holds its partitions.
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
  const deadline = setTimeout(() => process.exit(code === 0 ? 2 : code), STOP_DEADLINE_MS)
  await stack.stop()
  clearTimeout(deadline)
  process.exit(code)
}

/** The message of whatever was thrown, with that of its cause. */
export function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  return error.cause === undefined ? error.message : `${error.message}: ${messageOf(error.cause)}`
}
