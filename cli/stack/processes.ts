import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { answersHttp } from './answers.ts'
import type { Part } from './part.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const READY_MS = 120_000
const STOP_MS = 12_000
/** The Kafka client and the file system share this pool. */
const POOL_THREADS = '16'
/** What a chain processor and the warehouse say about where their health is, once they run. */
const HEALTH_LINE = /"health":"(http:\/\/127\.0\.0\.1:\d+)"/

type Process = { name: string; file: string; health: 'ingest' | 'console' | 'in its log' }

/** The product's processes, in the order of their start. */
export const processes: readonly Process[] = [
  { name: 'ingest', file: 'ingest/main.ts', health: 'ingest' },
  { name: 'console', file: 'console/main.ts', health: 'console' },
  { name: 'attribution', file: 'processors/attribution/main.ts', health: 'in its log' },
  { name: 'fraud', file: 'processors/fraud/main.ts', health: 'in its log' },
  { name: 'commission', file: 'processors/commission/main.ts', health: 'in its log' },
  { name: 'warehouse', file: 'processors/warehouse/main.ts', health: 'in its log' },
]

export type Addresses = { ingest: string; console: string }

export function processPart(process: Process, addresses: Addresses, env: Record<string, string>): Part {
  return {
    name: process.name,
    command: globalThis.process.execPath,
    args: [join(ROOT, process.file)],
    // The instance name lets a process that was killed take its partitions back at once.
    env: { ...env, TRIBUTARY_INSTANCE: `${process.name}-0`, UV_THREADPOOL_SIZE: POOL_THREADS },
    cwd: ROOT,
    prepare: async () => void mkdirSync(env.TRIBUTARY_DATA ?? ROOT, { recursive: true }),
    isServing: (output) => isServing(process, addresses, output),
    readyMs: READY_MS,
    stopMs: STOP_MS,
  }
}

async function isServing(process: Process, addresses: Addresses, output: string): Promise<boolean> {
  if (process.health !== 'in its log') return answersHttp(`${addresses[process.health]}/readyz`)
  const address = HEALTH_LINE.exec(output)?.[1]
  return address !== undefined && answersHttp(`${address}/readyz`)
}

/** Simulated traffic: a sender like any other, which only knows the address of the ingest. */
export function trafficPart(env: Record<string, string>): Part {
  return {
    name: 'traffic',
    command: globalThis.process.execPath,
    args: [join(ROOT, 'cli/stack/traffic/main.ts')],
    env,
    cwd: ROOT,
    isServing: async () => true,
    readyMs: READY_MS,
    stopMs: STOP_MS,
  }
}
