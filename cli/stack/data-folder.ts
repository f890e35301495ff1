import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'

/** Where the local stack keeps everything: data, logs, ports, keys. */
export type DataFolder = ReturnType<typeof dataFolderAt>

/** Its places. Makes nothing, so that a look at a stack that never ran leaves no folder behind. */
export function dataFolderAt(dir: string) {
  const root = resolve(dir)
  return {
    root,
    lock: join(root, 'lock'),
    stackFile: join(root, 'stack.json'),
    keysFile: join(root, 'keys.json'),
    secretsFile: join(root, 'secrets.json'),
    portsFile: join(root, 'ports.json'),
    pidsFile: join(root, 'pids.json'),
    log: (name: string) => join(root, 'logs', `${name}.log`),
  }
}

const PRIVATE_FOLDER = 0o700

export function openDataFolder(dir: string): DataFolder {
  const data = dataFolderAt(dir)
  mkdirSync(join(data.root, 'logs'), { recursive: true, mode: PRIVATE_FOLDER })
  return data
}

const PRIVATE = 0o600

/** A reader sees the old file or the new one, never a part of one. */
export function writeJson(path: string, value: unknown): void {
  const draft = `${path}.${process.pid}.new`
  writeFileSync(draft, `${JSON.stringify(value, null, 2)}\n`, { mode: PRIVATE })
  renameSync(draft, path)
}

/** The object in the file, or {} when there is none. @throws when it is no JSON object */
export function readJson(path: string): Record<string, unknown> {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
  const value: unknown = JSON.parse(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error(`${path} does not hold a JSON object: move it away`)
  return value as Record<string, unknown>
}

export function removeFile(path: string): void {
  rmSync(path, { force: true })
}
