import { mkdirSync } from 'node:fs'
import { answersRedis } from './answers.ts'
import type { Part } from './part.ts'

const READY_MS = 30_000
const STOP_MS = 10_000

/** Redis with the working state: never evicts, and loses at most a second to a power cut. */
export function redisPart({ folder, port }: { folder: string; port: number }): Part {
  const settings = {
    port,
    bind: '127.0.0.1',
    dir: folder,
    'maxmemory-policy': 'noeviction',
    appendonly: 'yes',
    appendfsync: 'everysec',
    save: '',
    // Packed records stay packed up to this size, at a fifth of the memory.
    'hash-max-listpack-entries': 256,
    daemonize: 'no',
  }
  return {
    name: 'redis',
    command: 'redis-server',
    args: Object.entries(settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    env: {},
    cwd: folder,
    prepare: async () => void mkdirSync(folder, { recursive: true }),
    isServing: () => answersRedis(port),
    readyMs: READY_MS,
    stopMs: STOP_MS,
  }
}
