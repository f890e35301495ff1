import { Redis } from 'ioredis'
import { textFromProblem, loadCatalog } from '../../catalog/load-catalog.ts'
import { integrationSecrets, textFromSecretProblem } from '../../catalog/integration-secrets.ts'
import type { Config } from '../../runtime/config.ts'
import { createClickHouse } from '../../runtime/clickhouse.ts'
import { messageOf } from '../../runtime/lifecycle.ts'
import { createNames } from '../../runtime/names.ts'
import { type TopicName, topics } from '../../schemas/topics.ts'
import type { Addresses } from '../pipeline/addresses.ts'
import { readJson, type DataFolder } from './data-folder.ts'
import { topicConfigs } from './topic-configs.ts'
import { type TopicCopies, topicCopies } from './topic-copies.ts'

/** `skipped` = cannot be looked at now, and says why. */
export type Finding = { check: string; state: 'ok' | 'failed' | 'skipped'; detail: string; fix?: string }
type Env = Readonly<Record<string, string | undefined>>

const NODE_MAJOR = 24
/** An acknowledged postback survives the loss of one broker only from here on. */
const REPLICAS_MIN = 3
const IN_SYNC_MIN = 2
const CONNECT_TIMEOUT_MS = 5_000

export function checkNode(version: string): Finding {
  const major = Number(version.split('.')[0])
  if (major === NODE_MAJOR) return { check: 'node', state: 'ok', detail: version }
  return { check: 'node', state: 'failed', detail: `${version}, made for ${NODE_MAJOR}`, fix: 'use the npm scripts: they bring the right one' }
}

export function checkCatalog(config: Config, env: Env, data: DataFolder): Finding[] {
  const catalog = loadCatalog(config.catalogDir)
  if (Array.isArray(catalog)) return [{ check: 'catalog', state: 'failed', detail: catalog.map(textFromProblem).join('; '), fix: 'correct the files' }]
  const found: Finding = {
    check: 'catalog',
    state: 'ok',
    detail: `${catalog.links.length} links, ${catalog.deals.length} deal versions, ${catalog.integrations.length} integrations`,
  }
  const made = Object.fromEntries(Object.entries(readJson(data.secretsFile)).filter((entry): entry is [string, string] => typeof entry[1] === 'string'))
  const set = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''))
  const secrets = integrationSecrets(catalog, { ...made, ...set })
  const secretFinding: Finding = Array.isArray(secrets)
    ? {
        check: 'secrets',
        state: 'failed',
        detail: secrets.map(textFromSecretProblem).join('; '),
        fix: 'set the variables; with the demo catalog npm start makes them',
      }
    : { check: 'secrets', state: 'ok', detail: 'every integration has its own' }
  return [found, secretFinding]
}

export async function checkKafka(addresses: Addresses, config: Config): Promise<Finding[]> {
  const brokers = addresses.kafkaBrokers
  if (brokers === null) return [notRunning('kafka')]
  const names = createNames(config.namespace)
  const wanted = (Object.keys(topics) as TopicName[]).map((name) => names.topic(name))
  try {
    const copies = await topicCopies(brokers, wanted)
    const partitions = new Map((Object.keys(topics) as TopicName[]).map((name) => [names.topic(name), topics[name].partitions]))
    const findings = [checkTopics(copies, partitions)]
    if (config.kafkaBrokers === null) findings.push({ check: 'copies', state: 'ok', detail: 'local mode: one copy, on this machine only' })
    else findings.push(checkCopies(copies, await topicConfigs(brokers.split(',')[0] ?? '', present(copies), 'min.insync.replicas')))
    return findings
  } catch (error) {
    return [{ check: 'kafka', state: 'failed', detail: messageOf(error), fix: `is the broker at ${brokers} running?` }]
  }
}

function present(copies: TopicCopies[]): string[] {
  return copies.filter((topic) => !('missing' in topic)).map(({ topic }) => topic)
}

export function checkTopics(copies: TopicCopies[], partitions: ReadonlyMap<string, number>): Finding {
  const wrong = copies.flatMap((topic) => {
    if ('missing' in topic) return [`${topic.topic} is missing`]
    const wanted = partitions.get(topic.topic)
    return topic.partitions === wanted ? [] : [`${topic.topic} has ${topic.partitions} partitions instead of ${wanted}`]
  })
  if (wrong.length === 0) return { check: 'topics', state: 'ok', detail: `all ${copies.length} are there` }
  return {
    check: 'topics',
    state: 'failed',
    detail: wrong.join('; '),
    fix: 'npm start creates what is missing; a topic with another number of partitions must be made anew',
  }
}

/** Outside the local mode: 2xx is a promise, and one copy cannot keep it. */
export function checkCopies(copies: TopicCopies[], inSyncMin: ReadonlyMap<string, string>): Finding {
  const wrong = copies.flatMap((topic) => {
    if ('missing' in topic) return []
    const min = Number(inSyncMin.get(topic.topic) ?? 1)
    return topic.replicas >= REPLICAS_MIN && min >= IN_SYNC_MIN ? [] : [`${topic.topic}: ${topic.replicas} copies, min.insync.replicas ${min}`]
  })
  if (wrong.length === 0) return { check: 'copies', state: 'ok', detail: `at least ${REPLICAS_MIN} copies, ${IN_SYNC_MIN} in sync before an acknowledgement` }
  return {
    check: 'copies',
    state: 'failed',
    detail: wrong.join('; '),
    fix: `give each topic ${REPLICAS_MIN} copies and min.insync.replicas=${IN_SYNC_MIN}, or the loss of one broker loses acknowledged events`,
  }
}

export async function checkRedis(url: string | null): Promise<Finding> {
  if (url === null) return notRunning('redis')
  const redis = new Redis(url, { lazyConnect: true, connectTimeout: CONNECT_TIMEOUT_MS, maxRetriesPerRequest: 0, retryStrategy: () => null })
  redis.on('error', () => {})
  try {
    await redis.connect()
    const info = await redis.info()
    return redisFinding(info)
  } catch (error) {
    return { check: 'redis', state: 'failed', detail: messageOf(error), fix: 'is Redis at REDIS_URL running?' }
  } finally {
    redis.disconnect()
  }
}

export function redisFinding(info: string): Finding {
  const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? 'unknown'
  const policy = field('maxmemory_policy')
  const detail = `Redis ${field('redis_version')}, ${policy}, append-only file ${field('aof_enabled') === '1' ? 'on' : 'off'}`
  if (policy !== 'noeviction')
    return { check: 'redis', state: 'failed', detail, fix: 'set maxmemory-policy noeviction: what is evicted here is a player who loses his affiliate' }
  return { check: 'redis', state: 'ok', detail }
}

export async function checkClickHouse(url: string | null): Promise<Finding> {
  if (url === null) return notRunning('clickhouse')
  const client = createClickHouse(url)
  try {
    const result = await client.query({ query: 'SELECT version() AS version', format: 'JSONEachRow' })
    const [row] = await result.json<{ version: string }>()
    return { check: 'clickhouse', state: 'ok', detail: `ClickHouse ${row?.version}` }
  } catch (error) {
    return { check: 'clickhouse', state: 'failed', detail: messageOf(error), fix: 'is the server at CLICKHOUSE_URL running?' }
  } finally {
    await client.close()
  }
}

function notRunning(check: string): Finding {
  return { check, state: 'skipped', detail: 'nothing runs here and no address is set' }
}
