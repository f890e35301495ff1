import { describe, expect, it } from 'vitest'
import type { ChainStep } from './chain-step.ts'
import { orderOf } from './chain-step.ts'
import type { KafkaRecord } from './consume-loop.ts'
import type { Progress } from './partition-state.ts'
import { ChainHoleError, think } from './think.ts'

const START: Progress = { applied: -1, logTimeMs: 0, source: null, outputOffset: 0 }

function aRecord(offset: number, timestampMs: number, value = ''): KafkaRecord {
  return { topic: 'in', partition: 1, offset, timestampMs, key: null, value: Buffer.from(value), headers: {} }
}

/** Says each record's offset and index; a record sets a deadline 10 ms ahead under its text. */
const echo: ChainStep<string, null> = {
  name: 'echo',
  input: 'in',
  parse: (record) => String(record.value),
  keysOf: (input) => [input],
  prepare: () => Promise.resolve(null),
  onRecord(input, context) {
    context.docs.schedule(input, context.logTimeMs + 10)
    context.emit({ topic: 'out', partition: 1, key: null, value: Buffer.from(`${input} ${context.record.offset}.${context.nextIndex()} ${context.duplicate}`) })
  },
  onDue(key, context) {
    context.emit({ topic: 'out', partition: 1, key: null, value: Buffer.from(`due ${key} ${context.record.offset}.${context.nextIndex()}`) })
  },
  restore: { kind: 'replay-input' },
}

function run(records: KafkaRecord[], step = echo) {
  const inputs = records.map((record) => step.parse(record))
  const docs = new Map(inputs.map((input) => [input, null]))
  return think(step, { records, inputs, signals: null }, { docs, due: [] }, START)
}

const texts = (thought: ReturnType<typeof run>) => thought.outputs.map((output) => String(output.value))

describe('think', () => {
  it('answers the record first and fires then the deadlines that log time has reached, in the order of their time', () => {
    const thought = run([aRecord(0, 105, 'b'), aRecord(1, 100, 'a'), aRecord(2, 115, 'c')])
    expect(texts(thought)).toEqual(['b 0.0 false', 'a 1.0 false', 'c 2.0 false', 'due a 2.1', 'due b 2.2'])
  })
  it('never lets log time go back', () => {
    expect(run([aRecord(0, 200, 'a'), aRecord(1, 100, 'b')]).progress.logTimeMs).toBe(200)
  })
  it('leaves a deadline that fired, and names the ones that are left', () => {
    const { changes } = run([aRecord(0, 100, 'a'), aRecord(1, 120, 'b')])
    expect([...changes.due]).toEqual([
      ['a', null],
      ['b', 130],
    ])
  })
  it('refuses to think with a document that was not asked for', () => {
    const step = { ...echo, onRecord: (_: string, context: { docs: { get(key: string): string | null } }) => void context.docs.get('other') }
    expect(() => run([aRecord(0, 1, 'a')], step)).toThrow('other')
  })
  it('marks what its source repeats, and stops at a hole', () => {
    const sources = [0, 1, 1, 2].map((sourceOffset) => ({ sourceOffset, index: 0 }))
    let at = 0
    const step = { ...echo, source: () => sources[at++] ?? { sourceOffset: 9, index: 0 } }
    const four = [aRecord(0, 1, 'a'), aRecord(1, 1, 'b'), aRecord(2, 1, 'c'), aRecord(3, 1, 'd')]
    expect(texts(run(four, step)).map((text) => text.split(' ')[2])).toEqual(['false', 'false', 'true', 'false'])
    at = 0
    expect(() => run([...four, aRecord(4, 1, 'e')], step)).toThrow(ChainHoleError)
  })
})

describe('the order of (source offset, index)', () => {
  it('follows on by the next index, or by index 0 of the next offset', () => {
    expect(orderOf({ sourceOffset: 5, index: 1 }, { sourceOffset: 5, index: 2 })).toBe('next')
    expect(orderOf({ sourceOffset: 5, index: 1 }, { sourceOffset: 6, index: 0 })).toBe('next')
    expect(orderOf({ sourceOffset: 5, index: 1 }, { sourceOffset: 5, index: 1 })).toBe('repeated')
    expect(orderOf({ sourceOffset: 5, index: 1 }, { sourceOffset: 4, index: 9 })).toBe('repeated')
    expect(orderOf({ sourceOffset: 5, index: 1 }, { sourceOffset: 5, index: 3 })).toBe('hole')
    expect(orderOf({ sourceOffset: 5, index: 1 }, { sourceOffset: 6, index: 1 })).toBe('hole')
    expect(orderOf({ sourceOffset: 5, index: 1 }, { sourceOffset: 7, index: 0 })).toBe('hole')
  })
})
