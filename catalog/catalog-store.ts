import { topics } from '../schemas/topics.ts'
import type { Names } from '../runtime/names.ts'
import { createProducer } from '../runtime/producer.ts'
import { createLogReader, type LogReader } from '../runtime/read-range.ts'
import { type Catalog, catalogVersion } from './catalog.ts'
import { catalogFromJson, jsonFromCatalog } from './catalog-json.ts'

/** The versions of the catalog on the `catalog` topic. A record names the version it was made under, and whoever reads it uses exactly that one. */
export type CatalogStore = {
  /** Adds a version as the newest one, unless it already is. */
  publish(catalog: Catalog): Promise<'published' | 'unchanged'>
  /** The catalog of a version; null when, after a short wait, no such version was published. */
  find(version: string): Promise<Catalog | null>
  /** The catalog of a version. @throws when no such version was published. */
  get(version: string): Promise<Catalog>
  /** The newest version, or null on an empty topic. */
  latest(): Promise<Catalog | null>
  close(): Promise<void>
}

export type CatalogStoreOptions = { brokers: string; clientId: string; names: Names; client?: Record<string, unknown> }

const partition = 0
/** Parsed versions kept at hand; an older one is read from the topic again. */
const parsedVersionsMax = 16
/** A record may be seen by a reader before the version that it names; both are in the log already, so this wait is short. */
const missingVersionAttempts = 5
const missingVersionPauseMs = 200
const catalogBytesMax = 8 * 1024 * 1024

/** Connects on the first use. */
export function createCatalogStore(options: CatalogStoreOptions): CatalogStore {
  const topic = options.names.topic(topics.catalog.name)
  const offsets = new Map<string, number>()
  const parsed = new Map<string, Catalog>()
  const underway = new Map<string, Promise<Catalog | null>>()
  let reader: Promise<LogReader> | null = null
  let nextOffset = 0
  let newest: string | null = null
  let refreshing: Promise<void> | null = null

  const openReader = (): Promise<LogReader> => {
    reader ??= createLogReader({ brokers: options.brokers, clientId: `${options.clientId}.catalog`, ...(options.client && { client: options.client }) })
    return reader
  }

  const refresh = (): Promise<void> => {
    refreshing ??= readNew().finally(() => {
      refreshing = null
    })
    return refreshing
  }

  async function readNew(): Promise<void> {
    const log = await openReader()
    const { high } = await log.watermarks(topic, partition)
    for await (const records of log.read({ topic, partition, from: nextOffset, to: high })) {
      for (const record of records) {
        nextOffset = record.offset + 1
        if (record.key === null || record.value === null) continue
        newest = record.key.toString('utf8')
        offsets.set(newest, record.offset)
      }
    }
  }

  /** A batch names one version thousands of times: everybody who asks while the answer is on its way shares it. */
  function find(version: string): Promise<Catalog | null> {
    const known = parsed.get(version)
    if (known !== undefined) return Promise.resolve(known)
    const asked = underway.get(version)
    if (asked !== undefined) return asked
    const answer = search(version).finally(() => underway.delete(version))
    underway.set(version, answer)
    return answer
  }

  async function search(version: string): Promise<Catalog | null> {
    for (let attempt = 1; !offsets.has(version); attempt++) {
      await refresh()
      if (offsets.has(version)) break
      if (attempt === missingVersionAttempts) return null
      await new Promise((resolve) => setTimeout(resolve, missingVersionPauseMs))
    }
    const catalog = await readAt(offsets.get(version) ?? 0)
    if (parsed.size >= parsedVersionsMax) parsed.delete(parsed.keys().next().value ?? '')
    parsed.set(version, catalog)
    return catalog
  }

  async function get(version: string): Promise<Catalog> {
    const catalog = await find(version)
    if (catalog === null) throw new Error(`the catalog version ${version} is not on the topic ${topic}`)
    return catalog
  }

  async function readAt(offset: number): Promise<Catalog> {
    const log = await openReader()
    for await (const records of log.read({ topic, partition, from: offset, to: offset + 1 })) {
      const value = records[0]?.value
      if (value) return catalogFromJson(value.toString('utf8'))
    }
    throw new Error(`the catalog record at offset ${offset} of ${topic} is gone`)
  }

  return {
    find,
    get,
    async latest() {
      await refresh()
      return newest === null ? null : get(newest)
    },
    async publish(catalog) {
      await refresh()
      const version = catalogVersion(catalog)
      if (newest === version) return 'unchanged'
      const producer = createProducer({
        brokers: options.brokers,
        clientId: `${options.clientId}.catalog`,
        lanes: 1,
        // A catalog is one message, and the client's own limit is below what the topic takes.
        client: { 'message.max.bytes': catalogBytesMax, ...options.client },
      })
      try {
        await producer.append([{ topic, partition, key: version, value: Buffer.from(jsonFromCatalog(catalog)) }])
      } finally {
        await producer.close()
      }
      return 'published'
    },
    async close() {
      await (await reader)?.close()
    },
  }
}
