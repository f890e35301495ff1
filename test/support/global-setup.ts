import type { TestProject } from 'vitest/node'
import { startThrowawayServices } from '../../cli/stack/throwaway-services.ts'
import type { TestServices } from './services.ts'

type Running = { services: TestServices; stop(): Promise<void> }

/** One set for all projects of a run: each of them loads this file anew. */
const shared = globalThis as { tributaryServices?: { running: Promise<Running>; users: number } }

/** Gives the tests one Kafka, one Redis and one ClickHouse, and ends with the run what it started. */
export default async function setUpServices(project: TestProject): Promise<() => Promise<void>> {
  shared.tributaryServices ??= { running: start(), users: 0 }
  const mine = shared.tributaryServices
  mine.users += 1
  const { services, stop } = await mine.running
  project.provide('services', services)
  return async () => {
    mine.users -= 1
    if (mine.users === 0) await stop()
  }
}

async function start(): Promise<Running> {
  return givenServices() ?? (process.env.TEST_STACK === 'containers' ? await startInContainers() : await startLocally())
}

async function startLocally(): Promise<Running> {
  const said: string[] = []
  try {
    const { kafkaBrokers, redisUrl, clickhouseUrl, stop } = await startThrowawayServices(process.env, (text) => void said.push(text))
    return { services: { kafkaBrokers, redisUrl, clickhouseUrl }, stop }
  } catch (error) {
    throw new Error(`the services of the tests did not start:\n${said.join('\n')}`, { cause: error })
  }
}

/** Loaded only when asked for: it brings a Docker client along. */
async function startInContainers(): Promise<Running> {
  const { startContainers } = await import('./containers.ts')
  return await startContainers()
}

/** Services that somebody else runs, when all three addresses are set. @throws when only some are */
function givenServices(): Running | null {
  const { KAFKA_BROKERS: kafkaBrokers = '', REDIS_URL: redisUrl = '', CLICKHOUSE_URL: clickhouseUrl = '' } = process.env
  const addresses = [kafkaBrokers, redisUrl, clickhouseUrl]
  if (addresses.every((address) => address === '')) return null
  if (addresses.some((address) => address === '')) throw new Error('set all of KAFKA_BROKERS, REDIS_URL and CLICKHOUSE_URL, or none of them')
  return { services: { kafkaBrokers, redisUrl, clickhouseUrl }, stop: () => Promise.resolve() }
}
