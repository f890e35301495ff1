import type { FastifyInstance } from 'fastify'
import { eventFromFields } from '../event/event-from-fields.ts'
import { playerEventFrom } from '../event/player-event.ts'
import type { IngestContext } from '../ingest-context.ts'
import { isFieldProblem } from '../parse/fields.ts'
import { answerBatch, type BatchRoute } from './batch.ts'
import { spillRecordOfEvent } from './event-records.ts'
import { eventsSchema } from './schemas.ts'

/** POST /v1/events: one event or up to a thousand, each told its own fate. */
export function registerEvents(app: FastifyInstance, context: IngestContext): void {
  const route: BatchRoute = {
    lane: 'events',
    scope: 'events',
    share: 'money',
    itemFrom(fields, integration, nowMs) {
      const event = eventFromFields(fields, integration, nowMs)
      if (isFieldProblem(event)) return event
      const playerEvent = playerEventFrom(event, { integration, receivedAtMs: nowMs, catalogVersion: context.catalog.version })
      const record = spillRecordOfEvent(playerEvent, context.names)
      return isFieldProblem(record) ? record : { record, ids: { receipt_id: playerEvent.receipt_id, event_id: playerEvent.event_id } }
    },
  }
  app.post('/v1/events', { schema: eventsSchema }, (request, reply) => answerBatch(request, reply, route, context))
}
