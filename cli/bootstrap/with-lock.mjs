import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { releaseLock, takeLock } from './lock.mjs'
import { processIdentity } from './process-identity.mjs'

const LOOK_EVERY_MS = 300

/**
 * Runs work that only one process at a time may do. When its owner has died, even by `kill -9`, the next one ends what
 * the owner had started and takes over.
 * @param work gets `working(pid | null)`, to be called with the process group that works for it
 */
export async function withLock(path, onWait, work) {
  mkdirSync(dirname(path), { recursive: true })
  await waitForLock(path, onWait)
  const groupFile = `${path}.group`
  try {
    endOrphan(groupFile)
    return await work({
      working(pid) {
        if (pid === null) rmSync(groupFile, { force: true })
        else writeFileSync(groupFile, JSON.stringify({ pid, identity: processIdentity(pid) }))
      },
    })
  } finally {
    releaseLock(path)
  }
}

async function waitForLock(path, onWait) {
  for (let told = false; ; ) {
    const owner = takeLock(path)
    if (owner === null) return
    if (!told) onWait(owner)
    told = true
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

function endOrphan(groupFile) {
  try {
    const { pid, identity } = JSON.parse(readFileSync(groupFile, 'utf8'))
    if (identity !== null && processIdentity(pid) === identity) process.kill(-pid, 'SIGKILL')
  } catch (error) {
    // None was working, it has just ended, or its note was cut off while it was written.
    if (error.code !== 'ENOENT' && error.code !== 'ESRCH' && !(error instanceof SyntaxError)) throw error
  }
  rmSync(groupFile, { force: true })
}
