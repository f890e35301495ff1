import type { Redis } from 'ioredis'
import { createProducer } from '../../runtime/producer.ts'
import { createRedis } from '../../runtime/redis.ts'
import type { Names } from '../../runtime/names.ts'
import { codecs } from '../../schemas/codec.ts'
import { tickEvent } from '../../schemas/tick.ts'
import { MONEY_PARTITIONS, topics } from '../../schemas/topics.ts'
import { placeName } from './kafka-admin.ts'
import type { Check, Rebuild, RebuildParts } from './rebuild.ts'

const CHAIN = { attribution: 'player-events', fraud: 'attributed-events', commission: 'scored-events' } as const

/**
 * All keys of the deployment in one script. Key by key a partition could take itself up again in between, and lose
 * documents that it had just rebuilt; in one step it is all there or all gone, and its owner sees that.
 */
const REMOVE_ALL = `
local removed = 0
for _, pattern in ipairs(ARGV) do
  local keys = redis.call('KEYS', pattern)
  for i = 1, #keys, 1000 do removed = removed + redis.call('UNLINK', unpack(keys, i, math.min(i + 999, #keys))) end
end
return removed
`

/** Removes the working state. Its owners find it gone with the next record of each partition and read the log again. */
export async function rebuildRedis({ kafkaBrokers, redisUrl, view, say }: RebuildParts): Promise<Rebuild> {
  const { names } = view
  const removed = await withRedis(redisUrl, async (redis) => {
    say('removing the working state')
    return (await redis.eval(REMOVE_ALL, 0, `${names.redis('{p')}*`, `${names.redis('{f')}*`)) as number
  })
  say('a tick into each partition, so that silent ones notice too')
  await tickAll(kafkaBrokers, names)
  return { removed: `${removed} keys removed from Redis`, check: () => withRedis(redisUrl, (redis) => checkState(redis, view)) }
}

async function withRedis<T>(url: string, use: (redis: Redis) => Promise<T>): Promise<T> {
  let lastError: Error | null = null
  const redis = createRedis(url, (error) => {
    lastError = error
  })
  // The connection waits for ever for a Redis that is away, which is right for a processor and wrong for a command.
  const timer = setTimeout(() => redis.disconnect(), CONNECT_MS)
  redis.once('ready', () => clearTimeout(timer))
  try {
    return await use(redis)
  } catch (error) {
    throw lastError ?? error
  } finally {
    clearTimeout(timer)
    redis.disconnect()
  }
}

const CONNECT_MS = 10_000

async function tickAll(brokers: string, names: Names): Promise<void> {
  const producer = createProducer({ brokers, clientId: 'tributary-cli-rebuild', lanes: 1 })
  try {
    const atMs = Date.now()
    const ticks = Array.from({ length: MONEY_PARTITIONS }, (_, partition) => ({
      topic: names.topic(topics['player-events'].name),
      partition,
      key: null,
      value: codecs.PlayerEvent.encode(tickEvent(partition, atMs)),
    }))
    await producer.append(ticks)
  } finally {
    await producer.close()
  }
}

/** Each partition's state holds again what its processor has committed. */
async function checkState(redis: Redis, { names, admin }: RebuildParts['view']): Promise<Check[]> {
  const checks = Object.entries(CHAIN).map(async ([processor, topic]): Promise<Check> => {
    const committed = await admin.committed(names.group(processor))
    let behind = 0
    for (let partition = 0; partition < MONEY_PARTITIONS; partition++) {
      const applied = await redis.hget(names.redis(`{p${partition}}:${processor}:meta`), 'applied')
      const wanted = committed.get(placeName({ topic: names.topic(topic), partition })) ?? 0
      if (applied === null || Number(applied) + 1 < wanted) behind++
    }
    return { what: `${processor}: ${MONEY_PARTITIONS - behind} of ${MONEY_PARTITIONS} partitions hold all that was committed`, ok: behind === 0 }
  })
  return Promise.all(checks)
}
