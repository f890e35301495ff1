import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readSchemas } from './read-schemas.ts'
import { MONEY_PARTITIONS, partitionOf, playerKey, topics } from './topics.ts'

const all = Object.values(topics)
const DAY_MS = 86_400_000

test('every topic stands under its own name and has a producer and a consumer', () => {
  for (const [name, topic] of Object.entries(topics)) {
    expect(topic.name).toBe(name)
    expect(topic.producers.length, name).toBeGreaterThan(0)
    expect(topic.consumers.length, name).toBeGreaterThan(0)
  }
})

test('names have no dot and no underscore, which metrics cannot tell apart', () => {
  for (const { name } of all) expect(name).toMatch(/^[a-z]+(-[a-z]+)*$/)
})

test('every record travels in a topic or inside another record', () => {
  const inTopics = new Set<string | null>(all.map(({ record }) => record))
  const inRecords = JSON.stringify(readSchemas().map(({ fields }) => fields))
  for (const { name } of readSchemas()) expect(inTopics.has(name) || inRecords.includes(`"${name}"`), name).toBe(true)
})

test('all money streams have one key and one partition count', () => {
  const money = all.filter(({ key }) => key === 'brand_id:player_id')
  expect(money.map(({ name }) => name).toSorted()).toEqual(['attributed-events', 'bindings', 'ledger', 'player-events', 'scored-events'])
  for (const { partitions } of money) expect(partitions).toBe(MONEY_PARTITIONS)
})

test('partitions and retention are those that are promised', () => {
  expect(Object.fromEntries(all.map(({ name, partitions, retentionMs }) => [name, [partitions, retentionMs < 0 ? 'for ever' : retentionMs / DAY_MS]]))).toEqual(
    {
      clicks: [12, 30],
      'player-events': [12, 'for ever'],
      bindings: [12, 'for ever'],
      'attributed-events': [12, 30],
      'scored-events': [12, 'for ever'],
      ledger: [12, 'for ever'],
      'click-verdicts': [12, 30],
      dispositions: [12, 'for ever'],
      catalog: [1, 'for ever'],
      'dead-letters': [6, 30],
      'edge-outcomes': [1, 30],
    },
  )
})

test('no topic is compacted, every topic has log time, and its settings say its retention', () => {
  for (const { config, retentionMs } of all) {
    expect(config).toMatchObject({ 'cleanup.policy': 'delete', 'message.timestamp.type': 'LogAppendTime', 'retention.ms': String(retentionMs) })
  }
})

test('a dead letter may be larger than the message it holds', () => {
  const bytes = (name: keyof typeof topics): number => Number(topics[name].config['max.message.bytes'])
  for (const { name, record } of all) if (record !== null) expect(bytes('dead-letters')).toBeGreaterThan(bytes(name))
})

test('the key of a player names the brand first', () => {
  expect(playerKey('acme', 'p-1')).toBe('acme:p-1')
})

// Hashes that Java's Utils.murmur2 is known for; seen through the sign bit.
test.each([
  ['21', -973932308],
  ['foobar', -790332482],
  ['a-little-bit-long-string', -985981536],
  ['a-little-bit-longer-string', -1486304829],
  ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
  ['abc', 479470107],
])('the key %s has the hash that Java gives it', (key, hash) => {
  expect(partitionOf(key, 2 ** 31)).toBe(hash & 0x7fffffff)
})

// Partitions in which a broker was seen to have these keys, sent with murmur2_random.
test.each([
  ['acme:player-1', 11],
  ['brand_a:click~1jnhb5c2fzzzykzzzzzre2h4vv1b4xy2', 8],
])('the key %s goes where librdkafka puts it', (key, partition) => {
  expect(partitionOf(key, 12)).toBe(partition)
})

test('any key has a partition', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 1, max: 100 }), (key, partitions) => {
      const partition = partitionOf(key, partitions)
      expect(partition >= 0 && partition < partitions && Number.isInteger(partition)).toBe(true)
    }),
  )
})
