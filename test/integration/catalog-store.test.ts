import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Catalog, catalogVersion, dealVersionAt } from '../../catalog/catalog.ts'
import { catalogFromContent } from '../../catalog/catalog-json.ts'
import { type CatalogStore, createCatalogStore } from '../../catalog/catalog-store.ts'
import { loadCatalog } from '../../catalog/load-catalog.ts'
import { createNames } from '../../runtime/names.ts'
import { createTestTopics, testServices, uniqueNamespace } from '../support/services.ts'

const namespace = uniqueNamespace()
const stores: CatalogStore[] = []

function openStore(): CatalogStore {
  const store = createCatalogStore({ brokers: testServices().kafkaBrokers, clientId: 'catalog-test', names: createNames(namespace) })
  stores.push(store)
  return store
}

function demoCatalog(): Catalog {
  const catalog = loadCatalog(join(import.meta.dirname, '..', '..', 'catalog'))
  if (Array.isArray(catalog)) throw new Error('the demo catalog cannot be used')
  return catalog
}

/** More links than fit into a message of the client's default size. */
function largeCatalog(): Catalog {
  const catalog = demoCatalog()
  const [link] = catalog.links
  if (link === undefined) throw new Error('the demo catalog has no link')
  const links = Array.from({ length: 15_000 }, (_, n) => ({ ...link, id: `link-${n}`, number: n + 1 }))
  return catalogFromContent({ ...catalog, links })
}

beforeAll(() => createTestTopics(namespace, ['catalog']))
afterAll(() => Promise.all(stores.map((store) => store.close())))

test('a version is read back from the topic as it was published, by whoever asks for it', async () => {
  const demo = demoCatalog()
  const writer = openStore()
  expect(await writer.latest()).toBeNull()
  expect(await writer.publish(demo)).toBe('published')
  expect(await openStore().get(catalogVersion(demo))).toEqual(demo)
})

test('the newest version is not published again, and an older one stays readable behind it', async () => {
  const [demo, large] = [demoCatalog(), largeCatalog()]
  const reader = openStore()
  const writer = openStore()
  expect(await writer.publish(demo)).toBe('unchanged')
  expect(await reader.get(catalogVersion(demo))).toEqual(demo)
  expect(await writer.publish(large)).toBe('published')
  const read = await reader.get(catalogVersion(large))
  expect(read.links.length).toBe(15_000)
  expect(dealVersionAt(read, 'slot-scout', 'harbor-welcome', Date.now())?.version).toBe(1)
  expect((await reader.latest())?.version).toBe(catalogVersion(large))
  expect(await reader.get(catalogVersion(demo))).toEqual(demo)
})

test('a version that becomes the newest again is published again', async () => {
  const demo = demoCatalog()
  expect(await openStore().publish(demo)).toBe('published')
  expect((await openStore().latest())?.version).toBe(catalogVersion(demo))
})

test('a version that nobody published is refused instead of being waited for', async () => {
  await expect(openStore().get('cv_none')).rejects.toThrow('cv_none is not on the topic')
})
