import { createMetrics } from '../../runtime/metrics.ts'
import { runChainProcessor } from '../../runtime/chain-processor.ts'
import type { ChainStep } from '../../runtime/chain-step.ts'
import { createLog } from '../../runtime/log.ts'
import { runService } from '../../runtime/lifecycle.ts'
import { createNames } from '../../runtime/names.ts'
import { probeFromText } from '../../runtime/probe.ts'
import { createProducer } from '../../runtime/producer.ts'
import { createLogReader } from '../../runtime/read-range.ts'
import { createRedis } from '../../runtime/redis.ts'

/**
 * A processor of the smallest kind, for the tests of the mechanism itself: it numbers the records of each key and, two
 * seconds of log time later, says once how many there were at that time.
 */
type In = { key: string; amount: number; tick: boolean }

const WAIT_MS = 300
const env = process.env
const names = createNames(env.TOY_NAMESPACE ?? '')
const log = createLog('toy')

const step: ChainStep<In, null> = {
  name: 'toy',
  input: 'toy-in',
  parse: (record) => ({ key: record.key?.toString() ?? '', amount: Number(record.value?.toString()), tick: record.key === null }),
  keysOf: (input) => (input.tick ? [] : [input.key]),
  prepare: () => Promise.resolve(null),
  onRecord(input, context) {
    const { partition, offset } = context.record
    if (input.tick) return void context.emit(output(partition, { offset, index: context.nextIndex(), tick: true }))
    const before = JSON.parse(context.docs.get(input.key) ?? '{"count":0,"sum":0}') as { count: number; sum: number }
    const after = { count: before.count + 1, sum: before.sum + input.amount }
    context.docs.set(input.key, JSON.stringify(after))
    context.docs.schedule(input.key, context.logTimeMs + WAIT_MS)
    context.emit(output(partition, { offset, index: context.nextIndex(), key: input.key, ...after }))
  },
  onDue(key, context) {
    const { partition, offset } = context.record
    context.emit(output(partition, { offset, index: context.nextIndex(), key, quiet: JSON.parse(context.docs.get(key) ?? '{}') }))
  },
  restore: { kind: 'replay-input' },
}

function output(partition: number, value: object) {
  return { topic: names.topic('toy-out'), partition, key: null, value: Buffer.from(JSON.stringify(value)) }
}

await runService(log, async (stack, fail) => {
  const brokers = env.KAFKA_BROKERS ?? ''
  const redis = createRedis(env.REDIS_URL ?? '', () => {})
  stack.add('redis', () => void redis.disconnect())
  const producer = createProducer({ brokers, clientId: 'toy', lanes: 1 })
  stack.add('producer', () => producer.close())
  const reader = await createLogReader({ brokers, clientId: 'toy-reader' })
  stack.add('reader', () => reader.close())
  const loop = runChainProcessor({
    step,
    brokers,
    names,
    instance: env.TOY_INSTANCE ?? null,
    redis,
    producer,
    reader,
    registry: createMetrics('toy'),
    log,
    probe: probeFromText(env.TRIBUTARY_KILL_AT, (point) => process.stderr.write(`killed at ${point}\n`)),
    tick: (partition) => ({ topic: names.topic('toy-in'), partition, key: null, value: Buffer.from('0') }),
  })
  loop.done.catch(fail)
  stack.add('loop', () => loop.stop())
})
