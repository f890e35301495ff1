import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, it } from 'vitest'
import { processIdentity } from './process-identity.mjs'
import { withLock } from './with-lock.mjs'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-lock-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const lockFile = () => join(folder, 'deeper', 'set-up.lock')
const nobody = () => {
  throw new Error('there is nobody to wait for')
}

/** Takes the lock in a process of its own, starts a group under it that sleeps, and is killed with that group alive. */
async function killedOwner(): Promise<number> {
  const code = `
    import { spawn } from 'node:child_process'
    const { withLock } = await import(${JSON.stringify(join(import.meta.dirname, 'with-lock.mjs'))})
    await withLock(${JSON.stringify(lockFile())}, () => {}, async (lock) => {
      const worker = spawn('sleep', ['60'], { detached: true, stdio: 'ignore' })
      lock.working(worker.pid)
      process.stdout.write(String(worker.pid))
      await new Promise((resolve) => setTimeout(resolve, 60_000))
    })`
  const owner = spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'pipe', 'inherit'] })
  const pid = await new Promise<number>((resolve) => owner.stdout.once('data', (bytes: Buffer) => resolve(Number(bytes.toString()))))
  owner.kill('SIGKILL')
  await new Promise((resolve) => owner.once('close', resolve))
  return pid
}

const isAlive = (pid: number) => processIdentity(pid) !== null

it('lets one in after the other', async () => {
  const steps: string[] = []
  const waitedFor: number[] = []
  const visit = (name: string) =>
    withLock(
      lockFile(),
      (owner) => waitedFor.push(owner),
      async () => {
        steps.push(`${name} in`)
        await new Promise((resolve) => setTimeout(resolve, 50))
        steps.push(`${name} out`)
      },
    )
  await Promise.all([visit('a'), visit('b')])
  expect(steps).toEqual(['a in', 'a out', 'b in', 'b out'])
  expect(waitedFor).toEqual([process.pid])
})

it('opens again when the work fails', async () => {
  await expect(withLock(lockFile(), nobody, () => Promise.reject(new Error('no network')))).rejects.toThrow('no network')
  expect(await withLock(lockFile(), nobody, () => Promise.resolve('done'))).toBe('done')
})

it('takes over from an owner that was killed, and ends what it had started', async () => {
  const orphan = await killedOwner()
  expect(isAlive(orphan)).toBe(true)
  expect(await withLock(lockFile(), nobody, () => Promise.resolve('done'))).toBe('done')
  await expect.poll(() => isAlive(orphan)).toBe(false)
})
