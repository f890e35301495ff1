import { type ChildProcess, spawn } from 'node:child_process'
import type { LogFile } from './log-file.ts'
import type { Part } from './part.ts'
import type { Watcher } from './watcher.ts'

/** A part under supervision: it is started again when it dies, until it is stopped. */
export type ManagedProcess = {
  name: string
  /** Resolves when it serves for the first time. @throws PartError when it ends before, or takes too long */
  start(): Promise<void>
  stop(): Promise<void>
  state(): { pid: number | null; sinceMs: number | null; restarts: number }
}

export type ManagedEvents = {
  /** The pid is known, or gone. */
  changed(name: string, pid: number | null): void
  said(name: string, text: string): void
}

/** A part that cannot be brought up; the message has the end of its log. */
export class PartError extends Error {
  readonly part: string
  constructor(part: string, message: string) {
    super(message)
    this.name = 'PartError'
    this.part = part
  }
}

const POLL_MS = 100
/** A part that dies again within this time of its start is one that cannot run, and is tried less and less often. */
const SHORT_LIFE_MS = 10_000
const RESTART_DELAY_MS_FIRST = 200
const RESTART_DELAY_MS_MAX = 4_000

type Ending = { code: number | null; signal: NodeJS.Signals | null }

export function createManagedProcess(part: Part, parentEnv: NodeJS.ProcessEnv, watcher: Watcher, log: LogFile, events: ManagedEvents): ManagedProcess {
  let child: ChildProcess | null = null
  let ended: Promise<Ending> = Promise.resolve({ code: null, signal: null })
  let sinceMs: number | null = null
  let restarts = 0
  let shortLives = 0
  let stopping = false
  let keeper: Promise<void> = Promise.resolve()
  let wake: () => void = () => {}

  async function launch(): Promise<void> {
    await part.prepare?.()
    if (stopping) return
    let output = ''
    const started = spawn(part.command, part.args, { cwd: part.cwd, env: { ...parentEnv, ...part.env }, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
    child = started
    sinceMs = Date.now()
    ended = endOf(started)
    if (started.pid !== undefined) {
      watcher.add(started.pid)
      events.changed(part.name, started.pid)
    }
    const keep = (bytes: Buffer) => {
      log.write(bytes)
      output = (output + bytes.toString()).slice(-4_000)
    }
    started.stdout?.on('data', keep)
    started.stderr?.on('data', keep)
    void ended.then(() => {
      if (started.pid !== undefined) watcher.remove(started.pid)
      child = null
      events.changed(part.name, null)
    })
    await serving(() => output)
  }

  async function serving(output: () => string): Promise<void> {
    const deadline = Date.now() + part.readyMs
    let ending: Ending | null = null
    void ended.then((how) => {
      ending = how
    })
    while (!(await part.isServing(output()))) {
      if (stopping) return
      if (ending !== null)
        throw new PartError(part.name, `${part.name} ended (${inWords(ending)}) before it served; the end of ${log.path}:\n${log.tail().trimEnd()}`)
      if (Date.now() > deadline) {
        child?.kill('SIGKILL')
        throw new PartError(part.name, `${part.name} does not serve after ${part.readyMs / 1000} s; the end of ${log.path}:\n${log.tail().trimEnd()}`)
      }
      await sleep(POLL_MS)
    }
  }

  async function keepAlive(): Promise<void> {
    while (true) {
      const how = await ended
      if (stopping) return
      shortLives = Date.now() - (sinceMs ?? 0) < SHORT_LIFE_MS ? shortLives + 1 : 0
      const delayMs = Math.min(RESTART_DELAY_MS_FIRST * 2 ** Math.max(0, shortLives - 1), RESTART_DELAY_MS_MAX)
      events.said(part.name, `ended (${inWords(how)}): starting it again; its log is ${log.path}`)
      await Promise.race([sleep(delayMs), new Promise<void>((resolve) => (wake = resolve))])
      if (stopping) return
      restarts += 1
      try {
        await launch()
        if (!stopping) events.said(part.name, `serves again, ${((Date.now() - (sinceMs ?? 0)) / 1000).toFixed(1)} s after its new start`)
      } catch (error) {
        events.said(part.name, error instanceof Error ? error.message : String(error))
      }
    }
  }

  return {
    name: part.name,
    async start() {
      await launch()
      keeper = keepAlive()
    },
    async stop() {
      stopping = true
      wake()
      const running = child
      if (running !== null) {
        running.kill('SIGTERM')
        const timer = setTimeout(() => {
          events.said(part.name, `has not ended ${part.stopMs / 1000} s after SIGTERM: killing it`)
          running.kill('SIGKILL')
        }, part.stopMs)
        await ended
        clearTimeout(timer)
      }
      await keeper
      log.close()
    },
    state: () => ({ pid: child?.pid ?? null, sinceMs, restarts }),
  }
}

function endOf(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve({ code, signal }))
    child.once('error', () => resolve({ code: 127, signal: null }))
  })
}

function inWords({ code, signal }: Ending): string {
  if (signal !== null) return signal
  return code === 127 ? 'the program cannot be started: is it installed?' : `exit code ${code}`
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
