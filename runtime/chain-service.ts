import type { Redis } from 'ioredis'
import type { Registry } from 'prom-client'
import { runChainProcessor } from './chain-processor.ts'
import type { ChainStep } from './chain-step.ts'
import { type Config, loadConfig, requireServices } from './config.ts'
import { startHealthServer } from './health-server.ts'
import { runService, type Stack } from './lifecycle.ts'
import { createLog, type Log } from './log.ts'
import { createMetrics } from './metrics.ts'
import { createNames, type Names } from './names.ts'
import { probeFromText } from './probe.ts'
import { createProducer, type OutputRecord, type Producer } from './producer.ts'
import { createLogReader, type LogReader } from './read-range.ts'
import { createRedis } from './redis.ts'

/** What a step of the chain is built from, and with which it can start loops of its own beside the chain. */
export type ChainParts = {
  config: Config
  brokers: string
  names: Names
  redis: Redis
  producer: Producer
  reader: LogReader
  registry: Registry
  log: Log
  stack: Stack
  fail: (error: unknown) => void
}

const METRICS_PORT_ANY = 0

/**
 * The process of one step: connections, health, the chain loop, an orderly end. It is ready as long as its loop runs.
 * @param env the environment of the process, read in main.ts only
 * @param tick the record that makes log time move in a silent partition
 */
export function runChainService<In, Signals>(
  service: string,
  env: Record<string, string | undefined>,
  tick: (partition: number, names: Names) => OutputRecord,
  createStep: (parts: ChainParts) => Promise<ChainStep<In, Signals>>,
): Promise<never> {
  const log = createLog(service)
  return runService(log, async (stack, fail) => {
    const config = loadConfig(env)
    const { kafkaBrokers: brokers, redisUrl } = requireServices(config)
    const names = createNames(config.namespace)
    const registry = createMetrics(service)
    let ready = false
    const health = await startHealthServer({ registry, port: METRICS_PORT_ANY, ready: () => (ready ? null : 'starting') })
    stack.add('health', () => health.close())
    const redis = createRedis(redisUrl, (error) => log.warn({ error: error.message }, 'Redis is away: waiting for it'))
    stack.add('redis', () => redis.disconnect())
    const producer = createProducer({ brokers, clientId: `tributary-${service}`, lanes: 1 })
    stack.add('producer', () => producer.close())
    const reader = await createLogReader({ brokers, clientId: `tributary-${service}-reader` })
    stack.add('reader', () => reader.close())
    const step = await createStep({ config, brokers, names, redis, producer, reader, registry, log, stack, fail })
    const probe = probeFromText(env.TRIBUTARY_KILL_AT, (point) => process.stderr.write(`killed at ${point}\n`))
    const loop = runChainProcessor({
      step,
      brokers,
      names,
      instance: config.instance,
      redis,
      producer,
      reader,
      registry,
      log,
      probe,
      tick: (partition) => tick(partition, names),
    })
    stack.add('loop', () => loop.stop())
    loop.done.catch(fail)
    ready = true
    log.info({ health: `http://127.0.0.1:${health.port}` }, 'running')
  })
}
