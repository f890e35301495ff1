import type { RecordTypes } from './records.generated.ts'

/** The partition count of every money stream. It never changes: a player stays in one partition for ever. */
export const MONEY_PARTITIONS = 12

const DAY_MS = 86_400_000
const THIRTY_DAYS_MS = 30 * DAY_MS
const FOR_EVER = -1
/** Kafka's default. The codec refuses a record long before it is as large. */
const MESSAGE_BYTES_MAX = 1_048_588
/** A dead letter is the original message plus headers that say what was wrong. */
const DEAD_LETTER_BYTES_MAX = 2 * 1_048_588
/** A catalog version is one message. */
const CATALOG_BYTES_MAX = 8 * 1_048_588

export type TopicName =
  | 'clicks'
  | 'player-events'
  | 'bindings'
  | 'attributed-events'
  | 'scored-events'
  | 'ledger'
  | 'click-verdicts'
  | 'dispositions'
  | 'catalog'
  | 'dead-letters'
  | 'edge-outcomes'

export type Topic = {
  name: TopicName
  /** What the message key holds. */
  key: 'click_id' | 'brand_id:player_id' | 'receipt_id' | 'catalog_version' | 'integration_id' | 'original'
  /** The record in the message; null where it is JSON or foreign bytes. */
  record: keyof RecordTypes | null
  partitions: number
  /** -1: for ever. */
  retentionMs: number
  producers: readonly Step[]
  consumers: readonly Step[]
  /** Settings the topic is created with. */
  config: Readonly<Record<string, string>>
}

export type Step = 'stack' | 'ingest' | 'attribution' | 'fraud' | 'commission' | 'warehouse' | 'console' | 'cli'

type TopicFacts = Omit<Topic, 'name' | 'config'> & { messageBytesMax?: number }

const EVERY_STEP = ['ingest', 'attribution', 'fraud', 'commission', 'warehouse', 'console', 'cli'] as const

/** Every topic there is. A topic name is written nowhere else. */
export const topics: Readonly<Record<TopicName, Topic>> = {
  clicks: topic('clicks', {
    key: 'click_id',
    record: 'Click',
    partitions: 12,
    retentionMs: THIRTY_DAYS_MS,
    producers: ['ingest'],
    consumers: ['attribution', 'fraud', 'warehouse'],
  }),
  // The steps write ticks into it when a deadline passes while a partition is silent.
  'player-events': topic('player-events', {
    key: 'brand_id:player_id',
    record: 'PlayerEvent',
    partitions: MONEY_PARTITIONS,
    retentionMs: FOR_EVER,
    producers: ['ingest', 'attribution', 'fraud', 'cli'],
    consumers: ['attribution', 'warehouse'],
  }),
  bindings: topic('bindings', {
    key: 'brand_id:player_id',
    record: 'Binding',
    partitions: MONEY_PARTITIONS,
    retentionMs: FOR_EVER,
    producers: ['attribution'],
    consumers: ['attribution', 'warehouse'],
  }),
  'attributed-events': topic('attributed-events', {
    key: 'brand_id:player_id',
    record: 'AttributedEvent',
    partitions: MONEY_PARTITIONS,
    retentionMs: THIRTY_DAYS_MS,
    producers: ['attribution'],
    consumers: ['fraud', 'warehouse'],
  }),
  'scored-events': topic('scored-events', {
    key: 'brand_id:player_id',
    record: 'ScoredEvent',
    partitions: MONEY_PARTITIONS,
    retentionMs: FOR_EVER,
    producers: ['fraud'],
    consumers: ['fraud', 'commission', 'warehouse'],
  }),
  ledger: topic('ledger', {
    key: 'brand_id:player_id',
    record: 'LedgerEntry',
    partitions: MONEY_PARTITIONS,
    retentionMs: FOR_EVER,
    producers: ['commission'],
    consumers: ['warehouse'],
  }),
  'click-verdicts': topic('click-verdicts', {
    key: 'click_id',
    record: 'Verdict',
    partitions: 12,
    retentionMs: THIRTY_DAYS_MS,
    producers: ['fraud'],
    consumers: ['warehouse'],
  }),
  dispositions: topic('dispositions', {
    key: 'receipt_id',
    record: 'Disposition',
    partitions: 12,
    retentionMs: FOR_EVER,
    producers: ['attribution'],
    consumers: ['warehouse'],
  }),
  catalog: topic('catalog', {
    key: 'catalog_version',
    record: null,
    partitions: 1,
    retentionMs: FOR_EVER,
    messageBytesMax: CATALOG_BYTES_MAX,
    producers: ['stack'],
    consumers: EVERY_STEP,
  }),
  'dead-letters': topic('dead-letters', {
    key: 'original',
    record: null,
    partitions: 6,
    retentionMs: THIRTY_DAYS_MS,
    messageBytesMax: DEAD_LETTER_BYTES_MAX,
    producers: ['attribution', 'fraud', 'commission', 'warehouse'],
    consumers: ['warehouse', 'cli'],
  }),
  'edge-outcomes': topic('edge-outcomes', {
    key: 'integration_id',
    record: 'EdgeOutcome',
    partitions: 1,
    retentionMs: THIRTY_DAYS_MS,
    producers: ['ingest'],
    consumers: ['warehouse'],
  }),
}

function topic(name: TopicName, { messageBytesMax = MESSAGE_BYTES_MAX, ...facts }: TopicFacts): Topic {
  const config = {
    'cleanup.policy': 'delete',
    'retention.ms': String(facts.retentionMs),
    'retention.bytes': '-1',
    // Log time is the broker's clock: a sender with a wrong clock can neither fire nor delay a deadline.
    'message.timestamp.type': 'LogAppendTime',
    'max.message.bytes': String(messageBytesMax),
  }
  return { name, ...facts, config }
}

/** The message key of every money stream. */
export function playerKey(brandId: string, playerId: string): string {
  return `${brandId}:${playerId}`
}

/** The partition that Java clients, and librdkafka's `murmur2_random`, give a key. */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(Buffer.from(key, 'utf8')) & 0x7fffffff) % partitions
}

const MURMUR2_SEED = 0x9747b28c
const MURMUR2_FACTOR = 0x5bd1e995

function murmur2(bytes: Buffer): number {
  const wholeWords = bytes.length - (bytes.length % 4)
  let hash = MURMUR2_SEED ^ bytes.length
  for (let at = 0; at < wholeWords; at += 4) {
    let word = Math.imul(bytes.readInt32LE(at), MURMUR2_FACTOR)
    word = Math.imul(word ^ (word >>> 24), MURMUR2_FACTOR)
    hash = Math.imul(hash, MURMUR2_FACTOR) ^ word
  }
  const restBytes = bytes.length - wholeWords
  if (restBytes > 0) hash = Math.imul(hash ^ bytes.readUIntLE(wholeWords, restBytes), MURMUR2_FACTOR)
  hash = Math.imul(hash ^ (hash >>> 13), MURMUR2_FACTOR)
  return hash ^ (hash >>> 15)
}
