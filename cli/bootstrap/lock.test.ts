import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { ownerOf, releaseLock, takeLock } from './lock.mjs'

let folder: string
let path: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-lock-'))
  path = join(folder, 'lock')
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const MODULE = new URL('./lock.mjs', import.meta.url).href

async function takeInAnotherProcess(): Promise<{ owner: number | null; pid: number; end(): Promise<void> }> {
  const script = `import { takeLock } from ${JSON.stringify(MODULE)}; console.log(JSON.stringify(takeLock(${JSON.stringify(path)}))); setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const line = await new Promise<string>((resolve) => child.stdout.once('data', (bytes: Buffer) => resolve(bytes.toString())))
  return {
    owner: JSON.parse(line) as number | null,
    pid: child.pid ?? 0,
    async end() {
      child.kill('SIGKILL')
      await ended
    },
  }
}

describe('a lock', () => {
  it('is refused with the pid of its living owner, and is free after a release', () => {
    expect(takeLock(path)).toBeNull()
    expect(takeLock(path)).toBe(process.pid)
    releaseLock(path)
    expect(ownerOf(path)).toBeNull()
    expect(takeLock(path)).toBeNull()
  })

  it('is opened by the death of its owner', async () => {
    const other = await takeInAnotherProcess()
    expect(other.owner).toBeNull()
    expect(takeLock(path)).toBe(other.pid)
    await other.end()
    expect(takeLock(path)).toBeNull()
  })

  it('of a pid that the system has given to another program is stale', () => {
    writeFileSync(path, JSON.stringify({ pid: process.pid, identity: 'an earlier run' }))
    expect(ownerOf(path)).toBeNull()
    expect(takeLock(path)).toBeNull()
    expect(readdirSync(folder)).toEqual(['lock'])
  })
})
