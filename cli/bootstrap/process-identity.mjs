import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import process from 'node:process'

const SHELLS = new Set(['sh', 'dash', 'bash', 'ash', 'zsh', 'ksh'])

/**
 * A text that is equal only for the same run of the same process, since the system gives pids away again; null when
 * no such process runs.
 */
export function processIdentity(pid) {
  return process.platform === 'linux' ? fromProc(pid) : fromPs(pid, 'lstart')
}

/** The pid of the parent of a process, or null when the process is gone. */
export function parentOf(pid) {
  const text = process.platform === 'linux' ? statFields(pid)?.[1] : fromPs(pid, 'ppid')
  return text === null || text === undefined ? null : Number(text)
}

/** Whether a process is a shell, which runs one command for somebody else. */
export function isShell(pid) {
  const name = process.platform === 'linux' ? programName(pid) : basename(fromPs(pid, 'comm') ?? '')
  return SHELLS.has(name.replace(/^-/, ''))
}

function programName(pid) {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
  } catch {
    // No such process.
    return ''
  }
}

function fromProc(pid) {
  const fields = statFields(pid)
  return fields === null || fields[0] === 'Z' || fields[0] === 'X' ? null : (fields[19] ?? null)
}

/** What stands after the name in brackets, which may contain blanks: state, parent, ..., and as the 20th the start time. */
function statFields(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  } catch {
    // No such file: no such process.
    return null
  }
}

function fromPs(pid, field) {
  try {
    return execFileSync('ps', ['-o', `${field}=`, '-p', String(pid)], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim() || null
  } catch {
    // ps ends with 1 when there is no such process.
    return null
  }
}
