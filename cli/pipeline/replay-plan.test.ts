import { expect, it } from 'vitest'
import { deadLetterFrom } from '../../runtime/dead-letter.ts'
import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import { planReplay, wordsOfItem } from './replay-plan.ts'

const inputs = ['player-events', 'clicks']

function letter(fields: { topic?: string; offset?: number; reason?: string; value?: string; step?: string }): KafkaRecord {
  const original: KafkaRecord = {
    topic: fields.topic ?? 'player-events',
    partition: 3,
    offset: fields.offset ?? 7,
    timestampMs: 0,
    key: Buffer.from('lucky:p1'),
    value: Buffer.from(fields.value ?? 'bytes'),
    headers: {},
  }
  const {
    headers = {},
    key,
    value,
  } = deadLetterFrom(original, 'dead-letters', { step: fields.step ?? 'attribution', reason: fields.reason ?? 'undecodable', atMs: 0 })
  return {
    topic: 'dead-letters',
    partition: 0,
    offset: 0,
    timestampMs: 0,
    key: key as Buffer,
    value,
    headers: Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)])),
  }
}

it('sends the original bytes and key to the original place', () => {
  const { items } = planReplay([letter({})], 'undecodable', { inputs })
  expect(items[0]).toMatchObject({ action: 'send', topic: 'player-events', partition: 3, offset: 7 })
  expect(items[0]?.record).toEqual({ topic: 'player-events', partition: 3, key: Buffer.from('lucky:p1'), value: Buffer.from('bytes') })
})

it('takes only the reason that was asked for, and tells which there are', () => {
  const { items, knownReasons } = planReplay([letter({}), letter({ reason: 'too_large', value: 'other' })], 'too_large', { inputs })
  expect(items).toHaveLength(1)
  expect(knownReasons).toEqual(['too_large', 'undecodable'])
})

it('sends a record that two steps refused once, and says so', () => {
  const { items } = planReplay([letter({}), letter({ step: 'warehouse' })], 'undecodable', { inputs })
  expect(items.map(({ action }) => action)).toEqual(['send', 'refuse'])
})

it('leaves what a step has written, with the reason', () => {
  const [item] = planReplay([letter({ topic: 'scored-events' })], 'undecodable', { inputs }).items
  expect(item?.action).toBe('refuse')
  expect(item && wordsOfItem(item, true)).toContain('scored-events is written by a step')
})

it('leaves a letter whose headers do not tell where it came from', () => {
  const broken = letter({})
  delete broken.headers['dlq-offset']
  expect(planReplay([broken], 'undecodable', { inputs }).items[0]).toMatchObject({ action: 'refuse', why: 'its headers do not tell where it came from' })
})
