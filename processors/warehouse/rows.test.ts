import { expect, it } from 'vitest'
import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import { codecs } from '../../schemas/codec.ts'
import { exampleRecords } from '../../schemas/example-records.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { topics } from '../../schemas/topics.ts'
import { START } from './position.ts'
import { type Encoded, topicRows } from './rows.ts'

function record(topic: TopicName, value: Buffer | null, offset: number, partition = 0): KafkaRecord {
  return { topic, partition, offset, timestampMs: 1_763_900_000_000, key: null, value, headers: {} }
}

function encode(topic: TopicName, records: KafkaRecord[], seen = new Map()): Encoded {
  const source = topicRows.find((rows) => rows.topic === topic)
  if (source === undefined) throw new Error(`no rows for ${topic}`)
  return source.encode(records, seen)
}

const [click] = exampleRecords('Click')
const [event] = exampleRecords('PlayerEvent')
const [disposition] = exampleRecords('Disposition')
const [scored] = exampleRecords('ScoredEvent')
const [verdict] = exampleRecords('Verdict')

it('keeps every topic but the catalog and the attributed events, which the scored ones contain', () => {
  const kept = topicRows.map(({ topic }) => topic)
  expect(Object.keys(topics).filter((topic) => !kept.includes(topic as TopicName))).toEqual(['attributed-events', 'catalog'])
})

it('refuses a bad record alone and stores the rows around it as if it had not been there', () => {
  const good = [record('clicks', codecs.Click.encode(click), 1), record('clicks', codecs.Click.encode(click), 4)]
  const early = record('clicks', codecs.Click.encode({ ...click, received_at: -1 }), 2)
  const broken = record('clicks', Buffer.from('broken'), 3)
  const { inserts, refused } = encode('clicks', [good[0]!, early, broken, record('clicks', null, 5), good[1]!])
  expect(refused.map(({ record: { offset }, reason }) => [offset, reason])).toEqual([
    [2, 'time_out_of_range'],
    [3, 'undecodable'],
    [5, 'undecodable'],
  ])
  expect(inserts).toEqual(encode('clicks', good).inserts)
  expect(inserts[0]?.rows).toBe(2)
})

it('cuts rows by the month their table is partitioned by', () => {
  const at = (month: number, offset: number) => record('clicks', codecs.Click.encode({ ...click, occurred_at: Date.UTC(2026, month, 1) }), offset)
  expect(encode('clicks', [at(9, 1), at(10, 2), at(9, 3)]).inserts.map(({ cut, rows }) => [cut, rows])).toEqual([
    ['2026-10', 2],
    ['2026-11', 1],
  ])
})

it('makes no row of a tick, of an event without a verdict, or of the disposition of a repeated record', () => {
  expect(encode('player-events', [record('player-events', codecs.PlayerEvent.encode({ ...event, event_type: 'tick' }), 1)]).inserts).toEqual([])
  expect(encode('scored-events', [record('scored-events', codecs.ScoredEvent.encode({ ...scored, verdict: null }), 1)]).inserts).toEqual([])
  expect(encode('dispositions', [record('dispositions', codecs.Disposition.encode({ ...disposition, disposition: 'duplicate' }), 1)]).inserts).toEqual([])
})

it('takes of a position in the chain only the first record, also when the first came in an earlier batch', () => {
  const at = (source_offset: number, index: number, offset: number, partition = 0) =>
    record('scored-events', codecs.ScoredEvent.encode({ ...scored, source_offset, index, verdict }), offset, partition)
  const first = encode('scored-events', [at(5, 0, 1), at(5, 1, 2), at(5, 1, 3), at(5, 0, 4), at(6, 0, 5), at(5, 0, 6, 1)], new Map([[0, START]]))
  expect(first.inserts[0]?.rows).toBe(4)
  expect(first.seen).toEqual(
    new Map([
      [0, { sourceOffset: 6, index: 0 }],
      [1, { sourceOffset: 5, index: 0 }],
    ]),
  )
  expect(encode('scored-events', [at(6, 0, 7), at(6, 1, 8)], first.seen).inserts[0]?.rows).toBe(1)
})

it('refuses numbers that do not fit the version of a row', () => {
  const tooMany = codecs.Disposition.encode({ ...disposition, disposition: 'applied', reason: null, source_offset: 1, index: 2 ** 20 })
  expect(encode('dispositions', [record('dispositions', tooMany, 1)]).refused).toEqual([expect.objectContaining({ reason: 'integer_out_of_range' })])
  const unnumbered = codecs.Verdict.encode({ ...verdict, revision: 0 })
  expect(encode('click-verdicts', [record('click-verdicts', unnumbered, 1)]).refused).toEqual([expect.objectContaining({ reason: 'integer_out_of_range' })])
})

it('never refuses a dead letter', () => {
  const odd: KafkaRecord[] = [
    record('dead-letters', null, 1),
    {
      ...record('dead-letters', Buffer.from([0, 0, 0, 0, 2, 255]), 2),
      headers: {
        'dlq-topic': Buffer.from([0xff, 0xfe]),
        'dlq-partition': Buffer.from('-1'),
        'dlq-offset': Buffer.from('9'.repeat(40)),
        'dlq-at': Buffer.from('once'),
      },
    },
    { ...record('dead-letters', Buffer.from('x'), 3), headers: { 'dlq-step': Buffer.from('s'.repeat(5_000)), 'dlq-at': Buffer.from('9999-01-01T00:00:00Z') } },
  ]
  const { inserts, refused } = encode('dead-letters', odd)
  expect(refused).toEqual([])
  expect(inserts[0]?.rows).toBe(3)
})
