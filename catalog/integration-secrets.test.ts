import { expect, test } from 'vitest'
import { integrationBySecretHash, integrationSecrets, secretHash, textFromSecretProblem } from './integration-secrets.ts'
import { loadCatalog } from './load-catalog.ts'

function demoCatalog() {
  const catalog = loadCatalog(import.meta.dirname)
  if (Array.isArray(catalog)) throw new Error('the demo catalog cannot be used')
  return catalog
}
const catalog = demoCatalog()
const env = {
  HARBOR_PLATFORM_SECRET: 'secret-one',
  HARBOR_NETWORK_SECRET: 'secret-two',
  HARBOR_TRACKER_SECRET: 'secret-three',
  NORTH_BACKOFFICE_SECRET: 'secret-four',
}

test('a presented secret names its integration and nothing else does', () => {
  const secrets = integrationSecrets(catalog, env)
  if (Array.isArray(secrets)) throw new Error('refused')
  expect(integrationBySecretHash(secrets, secretHash('secret-two'))?.id).toBe('harbor-network')
  expect(integrationBySecretHash(secrets, secretHash('secret-five'))).toBeNull()
  expect(integrationBySecretHash(secrets, 'secret-two')).toBeNull()
})

test.each([
  ['an unset secret', { HARBOR_NETWORK_SECRET: undefined }, 'HARBOR_NETWORK_SECRET'],
  ['an empty secret', { HARBOR_NETWORK_SECRET: '' }, 'HARBOR_NETWORK_SECRET'],
  ['a secret with a space', { HARBOR_NETWORK_SECRET: 'with space' }, 'HARBOR_NETWORK_SECRET'],
  ['a secret that another integration has', { NORTH_BACKOFFICE_SECRET: 'secret-one' }, 'NORTH_BACKOFFICE_SECRET'],
])('%s is a problem that names the variable and repeats no value', (_, changes, variable) => {
  const problems = integrationSecrets(catalog, { ...env, ...changes })
  if (!Array.isArray(problems)) throw new Error('accepted')
  expect(problems.map((problem) => problem.variable)).toEqual([variable])
  expect(problems.map(textFromSecretProblem).join()).not.toMatch(/secret-|with space/)
})
