import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { processIdentity } from '../../cli/bootstrap/process-identity.mjs'
import { type Child, endChildren, startChild } from '../support/child.ts'
import { until } from '../support/until.ts'

let folder: string
let supervisor: Child

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-supervision-'))
  supervisor = startChild('test/support/idle-supervisor.ts', { SUPERVISED_FOLDER: folder })
  await until(
    'the parts run',
    () => supervisor.output(),
    (output) => output.includes('ready'),
  )
})
afterEach(() => {
  endChildren()
  rmSync(folder, { recursive: true, force: true })
})

/** The pid that the supervisor named last. */
const pidOf = (part: string): number => {
  const lines = supervisor
    .output()
    .split('\n')
    .filter((line) => line.startsWith(`${part} `))
  return Number(lines.at(-1)?.split(' ')[1])
}
const isAlive = (pid: number) => processIdentity(pid) !== null

describe('parts under supervision', () => {
  it('a part that is killed is back within ten seconds, again and again', async () => {
    for (let round = 0; round < 3; round++) {
      const before = pidOf('gentle')
      process.kill(before, 'SIGKILL')
      await until(
        'the part is back',
        () => pidOf('gentle'),
        (pid) => pid !== before && isAlive(pid),
        10_000,
      )
    }
  })

  it('nothing is left when the supervisor is killed, not even what ignores SIGTERM', async () => {
    const pids = ['gentle', 'stubborn'].map(pidOf)
    supervisor.kill('SIGKILL')
    await until(
      'every part has ended',
      () => pids.filter(isAlive),
      (living) => living.length === 0,
      10_000,
    )
  })

  it('a stop ends everything, by force where the deadline has passed', async () => {
    const pids = ['gentle', 'stubborn'].map(pidOf)
    supervisor.kill('SIGINT')
    expect(await supervisor.exited).toBe(0)
    expect(supervisor.output()).toContain('stopped')
    expect(pids.filter(isAlive)).toEqual([])
    expect(readFileSync(join(folder, 'gentle.log'), 'utf8')).toBe('up\n')
  })
})
