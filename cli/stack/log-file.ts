import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

/** What a part wrote, in a file that is set aside once when it is full: twice this size is kept. */
export type LogFile = {
  path: string
  write(bytes: Buffer): void
  /** The end of what was written since `write` was first called. */
  tail(): string
  close(): void
}

const FILE_BYTES_MAX = 8 * 1024 * 1024
const TAIL_CHARACTERS_MAX = 4_000

export function openLogFile(path: string): LogFile {
  mkdirSync(dirname(path), { recursive: true })
  let file: number | null = openSync(path, 'a', 0o600)
  let bytesWritten = fstatSync(file).size
  let tail = ''
  return {
    path,
    write(bytes) {
      if (file === null) return
      tail = (tail + bytes.toString()).slice(-TAIL_CHARACTERS_MAX)
      if (bytesWritten + bytes.length > FILE_BYTES_MAX) {
        closeSync(file)
        renameSync(path, `${path}.1`)
        file = openSync(path, 'a', 0o600)
        bytesWritten = 0
      }
      bytesWritten += writeSync(file, bytes)
    },
    tail: () => tail,
    close() {
      if (file !== null) closeSync(file)
      file = null
    },
  }
}
