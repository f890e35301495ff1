import { randomInt } from 'node:crypto'
import { inject } from 'vitest'
import { createTopics } from '../../runtime/create-topics.ts'
import { createNames } from '../../runtime/names.ts'
import { type TopicName, topics } from '../../schemas/topics.ts'

/** Where the real parts are that this test run started, or was given. */
export type TestServices = { kafkaBrokers: string; redisUrl: string; clickhouseUrl: string }

declare module 'vitest' {
  interface ProvidedContext {
    services: TestServices
  }
}

const RANDOM_MAX = 36 ** 6

/** @throws when the project of the test has no global set-up, or it did not run */
export function testServices(): TestServices {
  const services: TestServices | undefined = inject('services')
  if (services === undefined)
    throw new Error('no test services: only tests in test/integration and test/chaos have Kafka, Redis and ClickHouse; run them with `npm test`')
  return services
}

/** A prefix for topics, groups, keys and databases that no other test has: tests share the services and never meet. */
export function uniqueNamespace(): string {
  return `t${Date.now().toString(36)}_${randomInt(RANDOM_MAX).toString(36)}`
}

/** Creates the product's topics under a namespace, as a deployment has them. */
export async function createTestTopics(namespace: string, wanted: readonly TopicName[] = Object.keys(topics) as TopicName[]): Promise<void> {
  const names = createNames(namespace)
  const specs = wanted.map((name) => ({ name: names.topic(name), partitions: topics[name].partitions, config: { ...topics[name].config } }))
  await createTopics({ brokers: testServices().kafkaBrokers, topics: specs, replication: 1 })
}
