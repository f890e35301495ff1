import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { MODULES, ROOT } from './places.mjs'

/**
 * Runs vitest and counts. What the run did counts, not what the runner says of it: an empty run or one that broke off
 * is a failure.
 */
export async function runTests(args, stdio = 'inherit') {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-counts-'))
  const file = join(folder, 'counts.json')
  // What the tests start has other parents than this.
  const { TRIBUTARY_PARENT_PID: _, ...inherited } = process.env
  const env = { ...inherited, TRIBUTARY_TEST_COUNTS: file }
  const child = spawn(process.execPath, [join(MODULES, 'vitest', 'vitest.mjs'), 'run', ...args], { cwd: ROOT, env, stdio })
  let output = ''
  child.stdout?.on('data', (bytes) => (output += bytes.toString()))
  child.stderr?.on('data', (bytes) => (output += bytes.toString()))
  const passOn = (signal) => child.kill(signal)
  process.on('SIGINT', passOn)
  process.on('SIGTERM', passOn)
  const code = await new Promise((resolve) => child.once('close', (ended, signal) => resolve(ended ?? signal)))
  process.off('SIGINT', passOn)
  process.off('SIGTERM', passOn)
  const counts = readCounts(file)
  rmSync(folder, { recursive: true, force: true })
  if (code !== 0 && counts.failed === 0) {
    counts.failed = 1
    counts.problems.push(`the test runner ended with ${code}`)
  }
  return { counts, output }
}

export function closingLine({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`
}

function readCounts(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'))
  } catch {
    return { passed: 0, failed: 1, skipped: 0, problems: ['the test runner ended without a result'] }
  }
}
