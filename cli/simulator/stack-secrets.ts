import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Catalog } from '../../catalog/catalog.ts'

/** The secrets that the local stack has made lie here, by the name of their variable. */
const fileName = 'secrets.json'

export type StackSecrets = { secrets: Record<string, string>; missing: string[] }

/** The secret of each integration by its id: from the environment, else from the stack's file. `missing` names the variables found in neither. */
export async function stackSecrets(catalog: Catalog, env: Readonly<Record<string, string | undefined>>, dataDir: string): Promise<StackSecrets> {
  const file = await readSecretsFile(join(dataDir, fileName))
  const secrets: Record<string, string> = {}
  const missing: string[] = []
  for (const { id, secretEnv } of catalog.integrations) {
    const secret = env[secretEnv] || file[secretEnv]
    if (typeof secret === 'string' && secret !== '') secrets[id] = secret
    else missing.push(secretEnv)
  }
  return { secrets, missing }
}

async function readSecretsFile(path: string): Promise<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(path, 'utf8'))
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}
