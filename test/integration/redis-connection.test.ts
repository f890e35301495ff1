import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createRedis } from '../../runtime/redis.ts'
import { until } from '../support/until.ts'

/** A Redis of its own, since it is killed. */
let folder: string
let port: number
let server: ChildProcess

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tributary-redis-'))
  port = await freePort()
  server = startServer()
})
afterAll(async () => {
  server.kill('SIGKILL')
  await rm(folder, { recursive: true, force: true })
})

function startServer(): ChildProcess {
  return spawn('redis-server', ['--port', String(port), '--dir', folder, '--save', '', '--appendonly', 'yes'], { stdio: 'ignore' })
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer()
    probe.once('error', reject)
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address()
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })
}

it('a command that is on its way when Redis is killed is answered when Redis is back', async () => {
  const redis = createRedis(`redis://127.0.0.1:${port}`, () => {})
  await until(
    'Redis answers',
    () => redis.ping(),
    (answer) => answer === 'PONG',
  )
  // Long enough that its answer cannot have come before the kill.
  const answer = redis.eval(`local until_s = tonumber(redis.call('TIME')[1]) + 2 repeat until tonumber(redis.call('TIME')[1]) >= until_s return 'done'`, 0)
  const queued = redis.incr('counted')
  await new Promise((resolve) => setTimeout(resolve, 300))
  server.kill('SIGKILL')
  await new Promise((resolve) => setTimeout(resolve, 500))
  server = startServer()
  expect(await answer).toBe('done')
  expect(await queued).toBe(1)
  redis.disconnect()
}, 30_000)
