import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type Catalog } from '../../catalog/catalog.ts'
import { loadCatalog } from '../../catalog/load-catalog.ts'
import { loadConfig } from '../../runtime/config.ts'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import { keyEnv, secretEnv } from './keys.ts'

const DEMO = join(import.meta.dirname, '../../catalog')
const demo = loadCatalog(DEMO) as Catalog
let folder: string
let data: DataFolder

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'tributary-keys-'))
  data = openDataFolder(folder)
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

describe('keys that nobody has set', () => {
  it('are made once, stay the same and are accepted by the configuration', () => {
    const made = keyEnv(loadConfig({}), data)
    expect(keyEnv(loadConfig({}), data)).toEqual(made)
    expect(loadConfig(made).clickKeys).toBe(made.TRIBUTARY_CLICK_KEYS)
    expect(statSync(data.keysFile).mode & 0o077).toBe(0)
  })

  it('are not made where they are set', () => {
    expect(keyEnv(loadConfig({ TRIBUTARY_CLICK_KEYS: `0:${'ab'.repeat(16)}` }), data)).not.toHaveProperty('TRIBUTARY_CLICK_KEYS')
  })
})

describe('secrets of integrations that nobody has set', () => {
  it('are made for the demo catalog, each its own, readable only by the owner', () => {
    const made = secretEnv(demo, DEMO, {}, data)
    expect(Object.keys(made).sort()).toEqual(demo.integrations.map(({ secretEnv: name }) => name).sort())
    expect(new Set(Object.values(made)).size).toBe(demo.integrations.length)
    expect(secretEnv(demo, DEMO, {}, data)).toEqual(made)
    expect(statSync(data.secretsFile).mode & 0o077).toBe(0)
  })

  it('stop the start in anybody else’s catalog, with the name of the variable', () => {
    expect(() => secretEnv(demo, folder, {}, data)).toThrow(demo.integrations[0]?.secretEnv)
    const all = Object.fromEntries(demo.integrations.map(({ secretEnv: name }) => [name, 'known-to-the-sender']))
    expect(secretEnv(demo, folder, all, data)).toEqual({})
  })
})
