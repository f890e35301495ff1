import { createWriteStream, mkdirSync, rmSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

/** Bodies of INSERTs on their way into the engine: it reads them as files, never as SQL. */
export type Spool = {
  write(name: string, start: Buffer, body: Readable): Promise<SpooledFile>
}

export type SpooledFile = { path: string; bytes: number; remove(): Promise<void> }

/** What an earlier process left behind belongs to requests that nobody waits for. */
export function openSpool(folder: string): Spool {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return {
    async write(name, start, body) {
      const path = join(folder, name)
      const file = createWriteStream(path, { mode: 0o600 })
      const remove = () => rm(path, { force: true })
      try {
        if (start.length > 0) file.write(start)
        await pipeline(body, file)
      } catch (error) {
        await remove()
        throw error
      }
      return { path, bytes: file.bytesWritten, remove }
    },
  }
}
