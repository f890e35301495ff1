import { expect, test } from 'vitest'
import { codecs } from './codec.ts'
import { tickEvent } from './tick.ts'

test('a tick is a player event that can be written', () => {
  expect(codecs.PlayerEvent.decode(codecs.PlayerEvent.encode(tickEvent(3, 1000)))).toEqual(tickEvent(3, 1000))
})

test('ticks of different partitions and times are different events', () => {
  expect(new Set([tickEvent(0, 1), tickEvent(1, 1), tickEvent(0, 2)].map(({ event_id }) => event_id)).size).toBe(3)
})
