import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { processIdentity } from '../../cli/bootstrap/process-identity.mjs'
import { type Deployment, startDeployment } from '../support/deployment.ts'
import { until } from '../support/until.ts'

/** The stack as an operator meets it on a bad day: parts die, the supervisor dies, and the next start finds nothing in its way. */
const PARTS = ['kafka', 'redis', 'clickhouse', 'ingest', 'console', 'attribution', 'fraud', 'commission', 'warehouse']
const BACK_MS = 10_000
const SERVES_MS = 60_000
let stack: Deployment

type Status = { running: boolean; parts: { part: string; healthy: boolean; pid: number; address: string | null }[] }

beforeAll(async () => {
  stack = await startDeployment()
}, 300_000)
afterAll(async () => {
  await stack?.cli('down')
  await stack?.stop()
}, 120_000)

const status = async (): Promise<Status> => JSON.parse((await stack.cli('status', '--json')).out) as Status
const addresses = async (): Promise<(string | null)[]> => (await status()).parts.map(({ address }) => address)
const isAlive = (pid: number): boolean => processIdentity(pid) !== null

it('tells which process does the work of each part', async () => {
  const pids = await stack.pids()
  expect(Object.keys(pids).sort()).toEqual([...PARTS].sort())
  expect(Object.values(pids).every(isAlive)).toBe(true)
})

it('every part that is killed is back within ten seconds at the same address', async () => {
  const before = await addresses()
  for (const part of PARTS) {
    const old = (await stack.pids())[part] ?? 0
    process.kill(old, 'SIGKILL')
    await until(`${part} has a new process`, stack.pids, (pids) => pids[part] !== old && isAlive(pids[part] ?? 0), BACK_MS)
  }
  await until('everything serves again', status, ({ parts }) => parts.every(({ healthy }) => healthy), SERVES_MS)
  expect(await addresses()).toEqual(before)
})

it('a second stack is refused in the same data folder', async () => {
  const second = await stack.cli('start', '--no-traffic')
  expect(second.code).toBe(1)
  expect(second.err).toContain('is in use by a running stack')
})

it('leaves no process behind when the supervisor is killed, and starts again over what is left', async () => {
  const before = await addresses()
  const pids = Object.values(await stack.pids())
  const { pid: supervisor } = JSON.parse(await readFile(join(stack.dataDir, 'data', 'lock'), 'utf8')) as { pid: number }
  process.kill(supervisor, 'SIGKILL')
  await until(
    'every part has ended',
    () => pids.filter(isAlive),
    (living) => living.length === 0,
    BACK_MS,
  )
  const up = await stack.cli('up')
  expect(up.out, up.err).toMatch(/^tributary ready http:\/\/127\.0\.0\.1:\d+ http:\/\/127\.0\.0\.1:\d+\n$/)
  expect(await addresses()).toEqual(before)
})

it('the doctor finds the local stack healthy', async () => {
  const { code, out } = await stack.cli('doctor', '--json')
  expect(JSON.parse(out)).toMatchObject({ healthy: true })
  expect(code).toBe(0)
})

it('down stops everything and says so; then status fails', async () => {
  const pids = Object.values(await stack.pids())
  expect((await stack.cli('down', '--json')).out).toBe('{"stopped":true,"was_running":true}\n')
  expect(pids.filter(isAlive)).toEqual([])
  expect((await stack.cli('status')).code).toBe(1)
})
