import { spawn } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PATH_WITH_MODULES, ROOT } from './places.mjs'
import { SetUpError } from './set-up-error.mjs'

const REDRAW_MS = 200
const PLAIN_EVERY_MS = 15_000
const TAIL_LINES = 30
const OUTPUT_CHARACTERS_MAX = 4_000_000
const LOG = join(ROOT, '.cache', 'set-up.log')
const STOP_MS = 2_000

let working = null

/**
 * Shows what is done and for how long: a line that changes on a terminal, now and then a line elsewhere.
 * @param outcome a word for the result
 */
export async function showStep(title, work, outcome = () => 'done') {
  const startMs = Date.now()
  const seconds = () => Math.round((Date.now() - startMs) / 1000)
  const isTerminal = process.stderr.isTTY === true
  const say = (text) => process.stderr.write(isTerminal ? `\r\u001b[2K${text}` : `${text}\n`)
  say(`${title} ...`)
  const timer = setInterval(() => say(`${title} ... ${seconds()} s`), isTerminal ? REDRAW_MS : PLAIN_EVERY_MS)
  try {
    const result = await work()
    say(`${title}: ${outcome(result)} in ${seconds()} s${isTerminal ? '\n' : ''}`)
    return result
  } catch (error) {
    say(`${title}: failed after ${seconds()} s${isTerminal ? '\n' : ''}`)
    throw error
  } finally {
    clearInterval(timer)
  }
}

/**
 * Runs a program in a process group of its own, so that all of it can be ended, unless it must finish once it has begun.
 * @returns what it printed
 * @throws SetUpError with the end of what it printed
 */
export async function runProgram(command, args, { cwd = ROOT, env = {}, timeoutMs = null, mustFinish = false, lock }) {
  const child = spawn(command, args, { cwd, env: { ...process.env, PATH: PATH_WITH_MODULES, ...env }, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  working = { child, mustFinish }
  lock.working(child.pid ?? null)
  let output = ''
  const keep = (bytes) => (output = (output + bytes.toString()).slice(-OUTPUT_CHARACTERS_MAX))
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const timer = timeoutMs === null ? null : setTimeout(() => endGroup(child, 'SIGKILL'), timeoutMs)
  try {
    const ended = await new Promise((resolve) => {
      child.once('error', (error) => resolve(error.message))
      child.once('close', (code, signal) => resolve(code ?? signal))
    })
    if (ended !== 0) throw new SetUpError(failure([command, ...args].join(' '), ended, output))
    return output
  } finally {
    clearTimeout(timer)
    working = null
    lock.working(null)
  }
}

/** Ends what the set-up is doing; what would leave a broken system behind is waited for. */
export async function endWork() {
  if (working === null) return
  const { child, mustFinish } = working
  const gone = new Promise((resolve) => child.once('close', resolve))
  if (mustFinish) {
    process.stderr.write('\nstopping as soon as the system packages are whole\n')
    await gone
    return
  }
  endGroup(child, 'SIGTERM')
  const late = setTimeout(() => endGroup(child, 'SIGKILL'), STOP_MS)
  await gone
  clearTimeout(late)
}

function failure(command, ended, output) {
  mkdirSync(dirname(LOG), { recursive: true })
  writeFileSync(LOG, output)
  return `\`${command}\` ended with ${ended}. The end of what it printed (all of it is in ${LOG}):\n${output.trim().split('\n').slice(-TAIL_LINES).join('\n')}`
}

function endGroup(child, signal) {
  try {
    process.kill(-child.pid, signal)
  } catch {
    // It has ended by itself.
  }
}
