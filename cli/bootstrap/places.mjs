import { delimiter, dirname, join } from 'node:path'
import { accessSync, constants } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { cacheFolder } from './cache-folder.mjs'

/** The clone. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
export const MODULES = join(ROOT, 'node_modules')
/** Written when a set-up has passed, with what it was made from. In node_modules, so that it goes when they go. */
export const STAMP = join(MODULES, '.tributary-setup.json')
/** What takes minutes to make and is the same for every clone of a machine. */
export const CACHE = cacheFolder(process.env)
export const PATH_WITH_MODULES = [join(MODULES, '.bin'), process.env.PATH ?? ''].join(delimiter)

/** @returns the path of a program, or null */
export function programOnPath(name) {
  for (const folder of (process.env.PATH ?? '').split(delimiter)) {
    const file = join(folder, name)
    if (isRunnable(file)) return file
  }
  return null
}

export function isRunnable(file) {
  try {
    accessSync(file, constants.X_OK)
    return true
  } catch {
    return false
  }
}
