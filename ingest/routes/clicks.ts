import type { FastifyInstance } from 'fastify'
import { clickFromFields, type ValidClick } from '../click/click-from-fields.ts'
import { apiClickId, clickRecord } from '../click/click-record.ts'
import type { IngestContext } from '../ingest-context.ts'
import { isFieldProblem } from '../parse/fields.ts'
import { answerBatch, type BatchRoute } from './batch.ts'
import { spillRecordOfClick } from './event-records.ts'
import { clicksSchema } from './schemas.ts'

/** POST /v1/clicks: clicks that somebody else redirected. The same content gets the same click id. */
export function registerClicks(app: FastifyInstance, context: IngestContext): void {
  const route: BatchRoute = {
    lane: 'clicks',
    scope: 'clicks',
    share: 'clicks',
    itemFrom(fields, integration, nowMs) {
      const click = clickFromFields(fields, { catalog: context.catalog, integration, nowMs })
      if (isFieldProblem(click)) return click
      const clickId = apiClickId(context.clickKeys, click, integration.id)
      const record = spillRecordOfClick(recordOf(click, clickId, nowMs, context), context.names)
      return isFieldProblem(record) ? record : { record, ids: { click_id: clickId } }
    },
  }
  app.post('/v1/clicks', { schema: clicksSchema }, (request, reply) => answerBatch(request, reply, route, context))
}

function recordOf(click: ValidClick, clickId: string, nowMs: number, { enrichment, catalog }: IngestContext) {
  const facts = {
    click_id: clickId,
    occurred_at: click.occurredAtMs,
    received_at: nowMs,
    source: 'api' as const,
    external_click_id: click.externalClickId,
    affiliate_click_id: click.affiliateClickId,
    sub_ids: click.subIds,
    is_test: click.isTest,
  }
  const visitor = { ip: click.ip, userAgent: click.userAgent, language: '', referrer: click.referrer }
  return clickRecord(facts, click.link, visitor, enrichment, catalog)
}
