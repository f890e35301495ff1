import { expect, it } from 'vitest'
import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import { createRecordBuffer } from './buffer.ts'
import { START } from './position.ts'

const record = (topic: string, partition: number, offset: number): KafkaRecord => ({
  topic,
  partition,
  offset,
  timestampMs: 1_000 + offset,
  key: null,
  value: Buffer.alloc(3),
  headers: {},
})

it('gives back each record once, under a plan that covers exactly what it gave', () => {
  const buffer = createRecordBuffer()
  buffer.add([record('a', 0, 5), record('b', 0, 1), record('a', 1, 9), record('a', 0, 6)])
  expect([buffer.count(), buffer.bytes(), buffer.topics()]).toEqual([4, 12, ['a', 'b']])
  const taken = buffer.take('a', new Map([[1, { sourceOffset: 3, index: 2 }]]), true)
  expect(taken.plan).toEqual({
    topic: 'a',
    ranges: [
      { partition: 0, from: 5, to: 7, sinceMs: 1_005, seen: START },
      { partition: 1, from: 9, to: 10, sinceMs: 1_009, seen: { sourceOffset: 3, index: 2 } },
    ],
  })
  expect(taken.records.map(({ partition, offset }) => [partition, offset])).toEqual([
    [0, 5],
    [0, 6],
    [1, 9],
  ])
  expect([buffer.count(), buffer.bytes(), buffer.topics()]).toEqual([1, 3, ['b']])
})

it('keeps for the next plan what one plan cannot name', () => {
  const buffer = createRecordBuffer()
  const partitions = 250
  buffer.add(Array.from({ length: partitions }, (_, partition) => record('wide', partition, 1_000_000)))
  const first = buffer.take('wide', new Map(), false)
  expect(first.records.length).toBeLessThan(partitions)
  expect(first.records.length + buffer.count()).toBe(partitions)
  const second = buffer.take('wide', new Map(), false)
  expect(new Set([...first.records, ...second.records].map(({ partition }) => partition)).size).toBe(partitions)
})

it('forgets the records of partitions that go to somebody else', () => {
  const buffer = createRecordBuffer()
  buffer.add([record('a', 0, 5), record('a', 1, 9)])
  buffer.drop([
    { topic: 'a', partition: 0 },
    { topic: 'c', partition: 0 },
  ])
  expect(buffer.count()).toBe(1)
  expect(buffer.take('a', new Map(), false).plan.ranges.map(({ partition }) => partition)).toEqual([1])
})
