import { createRequire } from 'node:module'
import type { Session as ChdbSession } from 'chdb'
import { literal } from './literal.ts'

export type Session = ChdbSession

/** The ClickHouse engine over one data folder. Only one process can have a folder open. */
export type Engine = {
  /** A session of its own per request: settings, parameters and the rest of a failed query cannot reach another one. */
  openSession(): Session
  /** Ends the query that runs under this log_comment. */
  kill(tag: string): Promise<void>
  version(): string
  close(): void
}

/** @param memoryBytesMax the engine's own allocations; above it a query fails and the process goes on */
export function openEngine(path: string, memoryBytesMax: number): Engine {
  // The package's entry for `import` loads the same native code; `require` spares the wrapper.
  const { Session } = createRequire(import.meta.url)('chdb') as { Session: typeof ChdbSession }
  // Without an open session the engine shuts down, and would load everything again for the next request.
  const root = new Session(path, { connectionArgs: [`--max_server_memory_usage=${memoryBytesMax}`] })
  const version = root.query('SELECT version()', 'TabSeparated').trim()
  return {
    openSession: () => new Session(path),
    async kill(tag) {
      const session = new Session(path)
      try {
        // Without SETTINGS here the statement would find itself; SYNC does not come back while the query dies.
        await session.queryAsync(`KILL QUERY WHERE Settings['log_comment'] = ${literal(tag)} ASYNC`, { format: 'TabSeparated' })
      } finally {
        session.close()
      }
    },
    version: () => version,
    close: () => root.close(),
  }
}
