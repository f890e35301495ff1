import { type ChildProcess, spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** A process of the product or of a test, as the tests start, stop and kill them. */
export type Child = {
  pid: number
  /** Exit code, or the signal that ended it. */
  exited: Promise<number | string>
  output(): string
  kill(signal: NodeJS.Signals): void
}

const OUTPUT_CHARACTERS_MAX = 200_000
const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const children = new Set<ChildProcess>()

/** @param file relative to the root of the project */
export function startChild(file: string, env: Record<string, string>): Child {
  const child = spawn(process.execPath, [file], { cwd: ROOT, env: { ...process.env, UV_THREADPOOL_SIZE: '16', ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  children.add(child)
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_CHARACTERS_MAX)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const exited = new Promise<number | string>((resolve) =>
    child.once('exit', (code, signal) => {
      children.delete(child)
      resolve(code ?? signal ?? 'gone')
    }),
  )
  return { pid: child.pid ?? 0, exited, output: () => output, kill: (signal) => void child.kill(signal) }
}

/** Ends what a failed test left behind. */
export function endChildren(): void {
  for (const child of children) child.kill('SIGKILL')
}
