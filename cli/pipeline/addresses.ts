import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Config } from '../../runtime/config.ts'

export type Addresses = {
  kafkaBrokers: string | null
  redisUrl: string | null
  clickhouseUrl: string | null
  ingestUrl: string | null
  consoleUrl: string | null
  pids: Record<string, number>
}

export type Service = Exclude<keyof Addresses, 'pids'>

const names: Record<Service, string> = {
  kafkaBrokers: 'KAFKA_BROKERS',
  redisUrl: 'REDIS_URL',
  clickhouseUrl: 'CLICKHOUSE_URL',
  ingestUrl: 'the ingest',
  consoleUrl: 'the console',
}

/** Where the parts answer: the running stack's own file, and what the environment says before it. */
export async function readAddresses(config: Config): Promise<Addresses> {
  const file = await stackFile(config.dataDir)
  return {
    kafkaBrokers: config.kafkaBrokers ?? text(file.kafka_brokers),
    redisUrl: config.redisUrl ?? text(file.redis_url),
    clickhouseUrl: config.clickhouseUrl ?? text(file.clickhouse_url),
    ingestUrl: text(file.ingest_url),
    consoleUrl: text(file.console_url),
    pids: isPids(file.pids) ? file.pids : {},
  }
}

/** Addresses are needed and unknown: nothing runs here, and the environment names nothing. */
export class NotRunningError extends Error {
  constructor(missing: string[], dataDir: string) {
    super(
      `the stack is not running: ${join(dataDir, 'stack.json')} does not tell where ${missing.join(' and ')} is. Start it with npm start, or set TRIBUTARY_DATA to its data folder.`,
    )
    this.name = 'NotRunningError'
  }
}

/** @throws NotRunningError naming every address that is missing */
export function requireAddresses<K extends Service>(addresses: Addresses, dataDir: string, ...wanted: K[]): Record<K, string> {
  const missing = wanted.filter((name) => addresses[name] === null)
  if (missing.length > 0)
    throw new NotRunningError(
      missing.map((name) => names[name]),
      dataDir,
    )
  return Object.fromEntries(wanted.map((name) => [name, addresses[name]])) as Record<K, string>
}

async function stackFile(dataDir: string): Promise<Record<string, unknown>> {
  try {
    const parsed: unknown = JSON.parse(await readFile(join(dataDir, 'stack.json'), 'utf8'))
    return typeof parsed === 'object' && parsed !== null ? (parsed as Record<string, unknown>) : {}
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw error
  }
}

function text(value: unknown): string | null {
  return typeof value === 'string' && value !== '' ? value : null
}

function isPids(value: unknown): value is Record<string, number> {
  return typeof value === 'object' && value !== null && Object.values(value).every((pid) => typeof pid === 'number')
}
