import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

/** A ClickHouse engine of a test's own, to be killed. Its address and its data outlive it. */
export type Engine = { url: string; kill(): Promise<void>; restart(): Promise<void> }

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const running = new Set<{ child: ChildProcess; folder: string }>()

export async function startEngine(): Promise<Engine> {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-engine-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const engine = { child: spawnEngine(folder, port), folder }
  running.add(engine)
  const answers = () =>
    fetch(`${url}/ping`).then(
      (response) => response.ok,
      () => false,
    )
  await until('the engine answers', answers, (ok) => ok)
  return {
    url,
    async kill() {
      const exited = new Promise((resolve) => engine.child.once('exit', resolve))
      engine.child.kill('SIGKILL')
      await exited
    },
    async restart() {
      engine.child = spawnEngine(folder, port)
      await until('the engine answers again', answers, (ok) => ok)
    },
  }
}

/** Ends the engines of a test and removes their data. */
export function endEngines(): void {
  for (const engine of running) {
    engine.child.kill('SIGKILL')
    rmSync(engine.folder, { recursive: true, force: true })
    running.delete(engine)
  }
}

function spawnEngine(folder: string, port: number): ChildProcess {
  return spawn(process.execPath, ['cli/stack/clickhouse/main.ts', folder, String(port)], {
    cwd: ROOT,
    env: { ...process.env, UV_THREADPOOL_SIZE: '16', TZ: 'UTC' },
    stdio: 'ignore',
  })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
