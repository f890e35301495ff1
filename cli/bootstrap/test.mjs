import { closingLine, runTests } from './run-tests.mjs'

/** usage: test.mjs test | chaos [argument of vitest ...] */
const [what, ...args] = process.argv.slice(2)
const CHAOS_KILLS = '20'
const PROJECTS = { test: ['unit', 'integration', 'e2e', 'chaos'], chaos: ['chaos'] }

if (what === 'chaos') process.env.CHAOS_KILLS ??= CHAOS_KILLS
const { counts } = await runTests([...PROJECTS[what].map((project) => `--project=${project}`), ...args])
for (const problem of counts.problems) process.stdout.write(`${problem}\n`)
process.stdout.write(`${closingLine(counts)}\n`)
process.exitCode = counts.failed > 0 ? 1 : 0
