import { createHash } from 'node:crypto'
import type { Catalog, Integration } from './catalog.ts'

/** The secrets of all integrations as hashes, so that a look-up neither keeps nor compares the values themselves. */
export type IntegrationSecrets = { byHash: ReadonlyMap<string, Integration> }

export type SecretProblem = { integrationId: string; variable: string; got: string; fix: string }

export const secretHash = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** Takes the secrets from the environment variables that the catalog names. Problems never repeat a value. */
export function integrationSecrets(catalog: Catalog, env: Readonly<Record<string, string | undefined>>): IntegrationSecrets | SecretProblem[] {
  const byHash = new Map<string, Integration>()
  const problems: SecretProblem[] = []
  for (const integration of catalog.integrations) {
    const problem = (got: string, fix: string) => problems.push({ integrationId: integration.id, variable: integration.secretEnv, got, fix })
    const secret = env[integration.secretEnv]
    if (secret === undefined || secret === '') {
      problem('nothing', `set ${integration.secretEnv}`)
      continue
    }
    if (!/^[\x21-\x7e]+$/.test(secret)) {
      problem('a secret that cannot be sent in a header', `set ${integration.secretEnv} to letters, digits and punctuation of ASCII, without spaces`)
      continue
    }
    const hash = secretHash(secret)
    const other = byHash.get(hash)
    if (other !== undefined) problem(`the secret that ${other.id} has`, 'give each integration a secret of its own; the secret tells who sends')
    else byHash.set(hash, integration)
  }
  return problems.length > 0 ? problems : { byHash }
}

/** Whom a presented secret belongs to, or null. */
export const integrationBySecretHash = (secrets: IntegrationSecrets, hash: string): Integration | null => secrets.byHash.get(hash) ?? null

/** One line for a person. */
export const textFromSecretProblem = (problem: SecretProblem): string =>
  `integration ${problem.integrationId}: ${problem.variable}: got ${problem.got}; fix: ${problem.fix}`
