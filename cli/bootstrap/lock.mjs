import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import process from 'node:process'
import { processIdentity } from './process-identity.mjs'

/**
 * Takes a lock that its owner's death opens. Answers null when it is taken, or the pid of the living owner.
 * The file appears with its content (a link to a finished file), so that nobody reads half an owner.
 */
export function takeLock(path) {
  const own = JSON.stringify({ pid: process.pid, identity: processIdentity(process.pid) })
  const draft = `${path}.${process.pid}`
  writeFileSync(draft, own)
  try {
    for (let attempt = 0; attempt < 20; attempt++) {
      if (isLinked(draft, path)) return null
      const owner = ownerOf(path)
      if (owner !== null) return owner
      setAsideStale(path)
    }
    throw new Error(`the lock ${path} can be neither taken nor read`)
  } finally {
    rmSync(draft, { force: true })
  }
}

export function releaseLock(path) {
  if (ownerOf(path) === process.pid) rmSync(path, { force: true })
}

/** The pid of the living owner, or null. */
export function ownerOf(path) {
  try {
    const { pid, identity } = JSON.parse(readFileSync(path, 'utf8'))
    return identity !== null && processIdentity(pid) === identity ? pid : null
  } catch {
    // No lock, or one that nobody can own.
    return null
  }
}

function isLinked(draft, path) {
  try {
    linkSync(draft, path)
    return true
  } catch (error) {
    if (error.code === 'EEXIST') return false
    throw error
  }
}

/** By renaming, since two who both saw a stale lock must not remove each other's new one. */
function setAsideStale(path) {
  const aside = `${path}.stale.${process.pid}`
  try {
    renameSync(path, aside)
  } catch (error) {
    if (error.code === 'ENOENT') return
    throw error
  }
  if (ownerOf(aside) !== null) isLinked(aside, path)
  rmSync(aside, { force: true })
}
