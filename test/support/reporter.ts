import { writeFileSync } from 'node:fs'
import type { Reporter, TestModule } from 'vitest/node'

/** Counts of a whole run, as the closing line tells them. */
export type Counts = { passed: number; failed: number; skipped: number; problems: string[] }

type Errors = Parameters<NonNullable<Reporter['onTestRunEnd']>>[1]

/** Projects whose tests must all run where nobody watches: a skipped test there would be a hole that looks green. */
const NEVER_SKIPPED = new Set(['integration', 'e2e', 'chaos'])

/** Writes the counts of the run into the file that the caller named, or prints them as one line. */
export function createCountReporter(): Reporter {
  return { onTestRunEnd: report }
}

function report(...[modules, errors]: Parameters<NonNullable<Reporter['onTestRunEnd']>>): void {
  const counts = countsOf(modules, errors, process.env.CI !== undefined && process.env.CI !== '')
  const file = process.env.TRIBUTARY_TEST_COUNTS
  if (file !== undefined) writeFileSync(file, JSON.stringify(counts))
  else process.stdout.write(`${counts.problems.map((problem) => `${problem}\n`).join('')}${counts.passed} passed, ${counts.failed} failed\n`)
  if (counts.failed > 0) process.exitCode = 1
}

function countsOf(modules: ReadonlyArray<TestModule>, errors: Errors, mustNotSkip: boolean): Counts {
  const counts: Counts = { passed: 0, failed: 0, skipped: 0, problems: [] }
  const fail = (problem: string) => {
    counts.failed += 1
    counts.problems.push(problem)
  }
  for (const module of modules) countModule(module, counts, fail, mustNotSkip)
  for (const error of errors) fail(`unhandled error: ${String(error.message ?? error)}`)
  if (counts.passed + counts.failed + counts.skipped === 0) fail('no test ran')
  return counts
}

function countModule(module: TestModule, counts: Counts, fail: (problem: string) => void, mustNotSkip: boolean): void {
  const failedBefore = counts.failed
  for (const test of module.children.allTests()) {
    const { state } = test.result()
    const title = `${module.relativeModuleId} > ${test.fullName}`
    if (state === 'passed') counts.passed += 1
    else if (state === 'failed') fail(`failed: ${title}`)
    else if (mustNotSkip && NEVER_SKIPPED.has(module.project.name)) fail(`did not run: ${title}`)
    else counts.skipped += 1
  }
  // A file that cannot be loaded, or a hook that throws, has no failed test of its own.
  if (module.state() === 'failed' && counts.failed === failedBefore) fail(`failed as a whole: ${module.relativeModuleId}`)
}
