import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnSync } from 'node:child_process'
import { afterEach, beforeEach, expect, it } from 'vitest'

/** Each test runs the runner itself on a small project, and reads what a person would read. */
const ROOT = join(import.meta.dirname, '..')
let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-closing-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

function run(files: Record<string, string>, { ci = '', project = 'integration' } = {}): { code: number | null; last: string; output: string } {
  const reporter = JSON.stringify(join(ROOT, 'test/support/reporter.ts'))
  writeFileSync(
    join(folder, 'vitest.config.mjs'),
    `import { createCountReporter } from ${reporter}
     export default { test: { name: ${JSON.stringify(project)}, globals: true, include: ['**/*.case.mjs'], reporters: [createCountReporter()] } }`,
  )
  for (const [name, source] of Object.entries(files)) writeFileSync(join(folder, name), source)
  const { TRIBUTARY_TEST_COUNTS: _, ...env } = process.env
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, 'node_modules/vitest/vitest.mjs'), 'run', '--root', folder], {
    cwd: ROOT,
    env: { ...env, CI: ci },
    encoding: 'utf8',
  })
  return { code: status, last: stdout.trimEnd().split('\n').at(-1) ?? '', output: stdout + stderr }
}

const PASSES = "it('adds', () => expect(1 + 1).toBe(2))\n"
const FAILS = "it('adds wrongly', () => expect(1 + 1).toBe(3))\n"
const SKIPPED = ['it', "skip('is left out', () => {})\n"].join('.')

it('counts what passed', () => {
  expect(run({ 'a.case.mjs': PASSES, 'b.case.mjs': PASSES })).toMatchObject({ code: 0, last: '2 passed, 0 failed' })
})

it('counts and names what failed', () => {
  const result = run({ 'a.case.mjs': PASSES + FAILS })
  expect(result).toMatchObject({ code: 1, last: '1 passed, 1 failed' })
  expect(result.output).toContain('failed: a.case.mjs > adds wrongly')
})

it('takes a file that cannot be loaded for a failure', () => {
  expect(run({ 'a.case.mjs': PASSES, 'b.case.mjs': "throw new Error('no')\n" })).toMatchObject({ code: 1, last: '1 passed, 1 failed' })
})

it('takes an error that no test caught for a failure', () => {
  const source = `${PASSES}it('leaves something behind', async () => { setTimeout(() => { throw new Error('late') }, 1); await new Promise((r) => setTimeout(r, 50)) })\n`
  expect(run({ 'a.case.mjs': source })).toMatchObject({ code: 1, last: '2 passed, 1 failed' })
})

it('lets a test be left out while somebody watches, and not where nobody does', () => {
  expect(run({ 'a.case.mjs': PASSES + SKIPPED })).toMatchObject({ code: 0, last: '1 passed, 0 failed' })
  expect(run({ 'a.case.mjs': PASSES + SKIPPED }, { ci: 'true' })).toMatchObject({ code: 1, last: '1 passed, 1 failed' })
  expect(run({ 'a.case.mjs': PASSES + SKIPPED }, { ci: 'true', project: 'unit' })).toMatchObject({ code: 0, last: '1 passed, 0 failed' })
})

it('does not take an empty run for a success', () => {
  expect(run({}).code).toBe(1)
})
