import { spawn } from 'node:child_process'
import { join } from 'node:path'

/** Outlives this process and ends its children, so that no part is left behind whatever kills the supervisor. */
export type Watcher = {
  add(pid: number): void
  remove(pid: number): void
  /** To be called when every part has ended. */
  close(): void
}

export function startWatcher(): Watcher {
  const child = spawn('/bin/sh', [join(import.meta.dirname, 'watcher.sh')], { detached: true, stdio: ['pipe', 'ignore', 'ignore'] })
  let failed: Error | null = null
  child.once('error', (error) => {
    failed = error
  })
  child.stdin.on('error', (error) => {
    failed = error
  })
  child.unref()
  const tell = (line: string) => {
    if (failed !== null) throw new Error('the watcher that ends the parts after a crash is gone', { cause: failed })
    child.stdin.write(`${line}\n`)
  }
  return { add: (pid) => tell(`+${pid}`), remove: (pid) => tell(`-${pid}`), close: () => child.stdin.end() }
}
