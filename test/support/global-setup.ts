import type { TestProject } from 'vitest/node'
import type { TestServices } from './services.ts'

/** Gives the tests one Kafka, one Redis and one ClickHouse, and ends them with the run. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const given = givenServices()
  if (given === null) throw new Error('set KAFKA_BROKERS, REDIS_URL and CLICKHOUSE_URL')
  project.provide('services', given)
  return () => Promise.resolve()
}

/** Services that somebody else runs, when all three addresses are set. @throws when only some are */
function givenServices(): TestServices | null {
  const { KAFKA_BROKERS: kafkaBrokers = '', REDIS_URL: redisUrl = '', CLICKHOUSE_URL: clickhouseUrl = '' } = process.env
  const addresses = [kafkaBrokers, redisUrl, clickhouseUrl]
  if (addresses.every((address) => address === '')) return null
  if (addresses.some((address) => address === '')) throw new Error('set all of KAFKA_BROKERS, REDIS_URL and CLICKHOUSE_URL, or none of them')
  return { kafkaBrokers, redisUrl, clickhouseUrl }
}
