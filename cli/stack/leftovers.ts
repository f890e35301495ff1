import { processIdentity } from '../bootstrap/process-identity.mjs'
import { type DataFolder, readJson, removeFile, writeJson } from './data-folder.ts'

/** The processes that use a data folder, on file, so that a start after kill -9 can tell what is still ending. */
export type PidBook = { set(name: string, pid: number | null): void }

const PATIENCE_MS = 8_000
const POLL_MS = 100

export function openPidBook(data: DataFolder): PidBook {
  const book: Record<string, { pid: number; identity: string | null }> = {}
  return {
    set(name, pid) {
      if (pid === null) delete book[name]
      else book[name] = { pid, identity: processIdentity(pid) }
      writeJson(data.pidsFile, book)
    },
  }
}

/** Waits until the processes of an earlier start have ended, and ends those that do not. */
export async function awaitLeftovers(data: DataFolder, say: (text: string) => void): Promise<void> {
  const living = () => Object.values(readJson(data.pidsFile)).filter(isSameProcess)
  const deadline = Date.now() + PATIENCE_MS
  let told = false
  while (living().length > 0) {
    if (!told) say(`waiting for ${living().length} processes of an earlier start to end`)
    told = true
    if (Date.now() > deadline) for (const { pid } of living()) process.kill(pid, 'SIGKILL')
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  removeFile(data.pidsFile)
}

/** A pid that the system has given to another program since is not ours to end. */
function isSameProcess(entry: unknown): entry is { pid: number; identity: string } {
  if (typeof entry !== 'object' || entry === null || !('pid' in entry) || !('identity' in entry)) return false
  return typeof entry.pid === 'number' && typeof entry.identity === 'string' && processIdentity(entry.pid) === entry.identity
}
