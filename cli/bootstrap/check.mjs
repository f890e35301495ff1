import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { MODULES, ROOT } from './places.mjs'
import { closingLine, runTests } from './run-tests.mjs'

const CHECKS = [
  { name: 'format', command: ['biome', 'format', '--colors=off'], fix: 'npx biome format --write' },
  { name: 'types', command: ['tsc', '--noEmit', '-p', 'tsconfig.json'] },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'unused code', command: ['knip', '--no-progress'] },
]

const totals = { passed: 0, failed: 0, skipped: 0 }
const problems = []

// Two at a time, as two cores can: the tests beside the other checks.
const [{ counts, output }] = await Promise.all([runTests(['--project=unit', ...process.argv.slice(2)], ['ignore', 'pipe', 'pipe']), runChecks()])
if (counts.failed > 0) process.stdout.write(output)
process.stdout.write(`${counts.failed > 0 ? 'FAILED' : 'ok    '} unit tests: ${closingLine(counts)}\n`)
for (const name of ['passed', 'failed', 'skipped']) totals[name] += counts[name]
for (const problem of [...problems, ...counts.problems]) process.stdout.write(`${problem}\n`)
process.stdout.write(`${closingLine(totals)}\n`)
process.exitCode = totals.failed > 0 ? 1 : 0

async function runChecks() {
  for (const check of CHECKS) {
    const startMs = Date.now()
    const { code, text } = await run(check.command)
    const seconds = ((Date.now() - startMs) / 1000).toFixed(1)
    totals[code === 0 ? 'passed' : 'failed'] += 1
    process.stdout.write(code === 0 ? `ok     ${check.name} (${seconds} s)\n` : `${text.trim()}\nFAILED ${check.name} (${seconds} s)\n`)
    if (code !== 0) problems.push(`failed: ${check.name}${check.fix === undefined ? '' : ` (${check.fix} mends it)`}`)
  }
}

function run([name, ...args]) {
  const child = spawn(join(MODULES, '.bin', name), args, { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  child.stdout.on('data', (bytes) => (text += bytes.toString()))
  child.stderr.on('data', (bytes) => (text += bytes.toString()))
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ code: 1, text: error.message }))
    child.once('close', (code) => resolve({ code, text }))
  })
}
