import { createCatalogStore } from '../../catalog/catalog-store.ts'
import type { Catalog } from '../../catalog/catalog.ts'
import { createTopics } from '../../runtime/create-topics.ts'
import { createNames } from '../../runtime/names.ts'
import { topics } from '../../schemas/topics.ts'
import { migrate } from '../../sql/migrate.ts'
import type { Services } from './services.ts'

const REPLICATION_LOCAL = 1
const REPLICATION_CLUSTER = 3

/** Topics, tables and the version of the catalog: what every process counts on when it starts. */
export async function prepareServices(
  services: Services,
  isLocalKafka: boolean,
  namespace: string,
  catalog: Catalog,
  say: (text: string) => void,
): Promise<void> {
  const names = createNames(namespace)
  const replication = replicationOf(isLocalKafka, services.kafkaBrokers)
  const copies = replication > 1 ? { 'min.insync.replicas': String(replication - 1) } : {}
  const specs = Object.values(topics).map((topic) => ({ name: names.topic(topic.name), partitions: topic.partitions, config: { ...topic.config, ...copies } }))
  const created = await createTopics({ brokers: services.kafkaBrokers, topics: specs, replication })
  say(`topics: ${created.length} created, ${specs.length - created.length} there already`)
  const tell = (fields: object, message: string) => say(`${message} ${JSON.stringify(fields)}`)
  const log = { info: () => {}, warn: tell, error: tell }
  const { applied } = await migrate({ clickhouseUrl: services.clickhouseUrl, names, log })
  say(applied.length === 0 ? 'tables: up to date' : `tables: applied ${applied.join(', ')}`)
  const store = createCatalogStore({ brokers: services.kafkaBrokers, clientId: 'tributary-stack', names })
  try {
    say(`catalog: ${await store.publish(catalog)}`)
  } finally {
    await store.close()
  }
}

/** A given cluster of three brokers or more gets the copies that an acknowledgement is to survive; a single broker cannot hold them. */
function replicationOf(isLocalKafka: boolean, brokers: string): number {
  if (isLocalKafka) return REPLICATION_LOCAL
  return brokers.split(',').length >= REPLICATION_CLUSTER ? REPLICATION_CLUSTER : REPLICATION_LOCAL
}
