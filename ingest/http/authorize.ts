import { type Integration, type Scope } from '../../catalog/catalog.ts'
import { integrationBySecretHash, type IntegrationSecrets, secretHash } from '../../catalog/integration-secrets.ts'
import { forbiddenScope, type Problem, unauthorized } from './problem.ts'

/** The secret in an Authorization header, or null. */
export function bearerOf(authorization: string | undefined): string | null {
  return /^Bearer +([\x21-\x7e]+) *$/i.exec(authorization ?? '')?.[1] ?? null
}

/** Whom a secret belongs to. Comparing hashes by a map tells nothing about the secrets through its time. */
export function integrationOfToken(secrets: IntegrationSecrets, token: string | null): Integration | null {
  return token === null ? null : integrationBySecretHash(secrets, secretHash(token))
}

/** The integration that a token speaks for, if it has the scope. */
export function authorizedSender(secrets: IntegrationSecrets, token: string | null, scope: Scope): Integration | Problem {
  const integration = integrationOfToken(secrets, token)
  if (integration === null) return unauthorized
  return integration.scopes.includes(scope) ? integration : forbiddenScope(scope)
}

export function isProblem(value: object): value is Problem {
  return 'status' in value && 'detail' in value
}
