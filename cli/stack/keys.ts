import { randomBytes } from 'node:crypto'
import { basename, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Catalog } from '../../catalog/catalog.ts'
import type { Config } from '../../runtime/config.ts'
import { type DataFolder, readJson, writeJson } from './data-folder.ts'

type Env = Readonly<Record<string, string | undefined>>

const KEY_BYTES = 32
const SECRET_BYTES = 24
const DEMO_CATALOG = fileURLToPath(new URL('../../catalog', import.meta.url))

/** Keys that nobody has set: made once, since click ids that were handed out must stay valid. */
export function keyEnv(config: Config, data: DataFolder): Record<string, string> {
  const known = readJson(data.keysFile)
  const kept = (name: string, make: () => string) => (typeof known[name] === 'string' ? known[name] : make())
  const keys = {
    TRIBUTARY_CLICK_KEYS: kept('TRIBUTARY_CLICK_KEYS', () => `0:${randomBytes(KEY_BYTES).toString('hex')}`),
    TRIBUTARY_IP_KEYS: kept('TRIBUTARY_IP_KEYS', () => randomBytes(KEY_BYTES).toString('hex')),
  }
  if (config.clickKeys === null || config.ipKeys === null) writeJson(data.keysFile, keys)
  return {
    ...(config.clickKeys === null ? { TRIBUTARY_CLICK_KEYS: keys.TRIBUTARY_CLICK_KEYS } : {}),
    ...(config.ipKeys === null ? { TRIBUTARY_IP_KEYS: keys.TRIBUTARY_IP_KEYS } : {}),
  }
}

/**
 * Secrets of integrations that are unset. For the demo catalog they are made once; in anybody else's catalog a missing
 * one stops the start, since the senders already know the right one.
 */
export function secretEnv(catalog: Catalog, catalogDir: string, env: Env, data: DataFolder): Record<string, string> {
  const unset = catalog.integrations.filter((integration) => (env[integration.secretEnv] ?? '') === '')
  if (unset.length === 0) return {}
  if (resolve(catalogDir) !== DEMO_CATALOG) {
    const lines = unset.map(
      (integration) =>
        `${integration.secretEnv} is unset: it is the secret of the integration ${integration.id}, named in ${basename(catalogDir)}/integrations.yaml`,
    )
    throw new Error(lines.join('\n'))
  }
  const known = readJson(data.secretsFile)
  const made = Object.fromEntries(
    unset.map(({ secretEnv: name }) => [name, typeof known[name] === 'string' ? known[name] : randomBytes(SECRET_BYTES).toString('hex')]),
  )
  writeJson(data.secretsFile, { ...known, ...made })
  return made
}
