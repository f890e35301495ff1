import type { OutputRecord } from '../../runtime/producer.ts'
import { codecs } from '../../schemas/codec.ts'
import { tickEvent } from '../../schemas/tick.ts'
import { topics } from '../../schemas/topics.ts'

/**
 * A tick that names an event whose signals have changed. It goes through the log to the partition of that event, so
 * whoever owns it looks again, in order with everything else, and nothing is lost when a process dies. Several are
 * harmless: looking again without news says nothing.
 */
export function recheckTick(topicOf: (name: string) => string, partition: number, eventId: string, atMs: number): OutputRecord {
  const tick = tickEvent(partition, atMs)
  const id = `${tick.event_id}~${eventId}`
  return {
    topic: topicOf(topics['player-events'].name),
    partition,
    key: null,
    value: codecs.PlayerEvent.encode({ ...tick, event_id: id, receipt_id: id, refers_to: eventId }),
  }
}
