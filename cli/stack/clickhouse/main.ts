import { join } from 'node:path'
import { availableMemoryBytes } from './memory.ts'
import { openEngine } from './engine.ts'
import { createClickHouseServer } from './server.ts'
import { openSpool } from './spool.ts'

/** usage: main.ts <data folder> <port>; serves the engine on loopback until SIGTERM. */
const [folder = '', port = ''] = process.argv.slice(2)
const POOL_RESERVE = 4
const POOL_DEFAULT = 4

const poolSize = Number(process.env.UV_THREADPOOL_SIZE ?? POOL_DEFAULT)
const engine = openEngine(join(folder, 'engine'), availableMemoryBytes())
const spool = openSpool(join(folder, 'spool'))
const { server, stop } = createClickHouseServer(engine, spool, Math.max(1, poolSize - POOL_RESERVE))

// With a query running, an orderly exit hangs until it ends; data survives a kill, so that is the way out.
const die = (error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
  process.kill(process.pid, 'SIGKILL')
}
process.once('uncaughtException', die)
process.once('unhandledRejection', die)
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.once(signal, () => {
    stop().then(() => process.exit(0), die)
  })
}
server.listen(Number(port), '127.0.0.1', () => process.stdout.write(`ClickHouse engine ${engine.version()} on http://127.0.0.1:${port}\n`))
