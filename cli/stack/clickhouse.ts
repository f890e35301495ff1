import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { answersHttp } from './answers.ts'
import type { Part } from './part.ts'

const READY_MS = 120_000
const STOP_MS = 10_000
/** Bounds the queries in flight: each holds a thread of this pool. */
const POOL_THREADS = '16'

/** The ClickHouse engine in a process of its own, behind the HTTP endpoint of `clickhouse/`. */
export function clickhousePart({ folder, port }: { folder: string; port: number }): Part {
  return {
    name: 'clickhouse',
    command: process.execPath,
    args: [join(import.meta.dirname, 'clickhouse', 'main.ts'), folder, String(port)],
    // The engine takes the time zone of its host for a column without one.
    env: { TZ: 'UTC', UV_THREADPOOL_SIZE: POOL_THREADS },
    cwd: folder,
    prepare: async () => void mkdirSync(folder, { recursive: true }),
    isServing: () => answersHttp(`http://127.0.0.1:${port}/ping`),
    readyMs: READY_MS,
    stopMs: STOP_MS,
  }
}
