import { join } from 'node:path'
import { clickhousePart } from './clickhouse.ts'
import { freePorts } from './free-port.ts'
import { kafkaPart } from './kafka.ts'
import { openLogFile } from './log-file.ts'
import { createManagedProcess, type ManagedEvents, type ManagedProcess } from './managed-process.ts'
import { redisPart } from './redis.ts'
import type { Part } from './part.ts'
import type { Watcher } from './watcher.ts'

export type ServicePorts = { kafka: number; kafkaController: number; redis: number; clickhouse: number }

/** Addresses of services that somebody else runs; null = start one here. */
export type GivenAddresses = { kafkaBrokers: string | null; redisUrl: string | null; clickhouseUrl: string | null }

export type Services = { kafkaBrokers: string; redisUrl: string; clickhouseUrl: string; started: ManagedProcess[] }

export type ServiceOptions = {
  dataDir: string
  jars: string
  ports: ServicePorts
  given: GivenAddresses
  env: NodeJS.ProcessEnv
  watcher: Watcher
  events: ManagedEvents
}

/** What is to run here, in the order of the start. Starts nothing. */
export function createServices(options: ServiceOptions): Services {
  const { dataDir, given, ports } = options
  const parts: Part[] = []
  if (given.kafkaBrokers === null) {
    parts.push(kafkaPart({ folder: join(dataDir, 'kafka'), port: ports.kafka, controllerPort: ports.kafkaController, jars: options.jars }))
  }
  if (given.redisUrl === null) parts.push(redisPart({ folder: join(dataDir, 'redis'), port: ports.redis }))
  if (given.clickhouseUrl === null) parts.push(clickhousePart({ folder: join(dataDir, 'clickhouse'), port: ports.clickhouse }))
  return {
    kafkaBrokers: given.kafkaBrokers ?? `127.0.0.1:${ports.kafka}`,
    redisUrl: given.redisUrl ?? `redis://127.0.0.1:${ports.redis}`,
    clickhouseUrl: given.clickhouseUrl ?? `http://127.0.0.1:${ports.clickhouse}`,
    started: parts.map((part) =>
      createManagedProcess(part, options.env, options.watcher, openLogFile(join(dataDir, 'logs', `${part.name}.log`)), options.events),
    ),
  }
}

/** Starts what is not given: each part in its order, each serving before the next. */
export async function startServices(options: ServiceOptions): Promise<Services & { stop(): Promise<void> }> {
  const services = createServices(options)
  const stop = () => stopInOrder(services.started)
  try {
    for (const part of services.started) await part.start()
  } catch (error) {
    await stop()
    throw error
  }
  return { ...services, stop }
}

/** The reverse of the start. */
export async function stopInOrder(parts: readonly ManagedProcess[]): Promise<void> {
  for (const part of parts.toReversed()) await part.stop()
}

export async function freeServicePorts(): Promise<ServicePorts> {
  const [kafka = 0, kafkaController = 0, redis = 0, clickhouse = 0] = await freePorts(4)
  return { kafka, kafkaController, redis, clickhouse }
}
