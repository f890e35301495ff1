import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { brandById, type Link, linkById, offerById } from '../../catalog/catalog.ts'
import { mintClickId } from '../../schemas/click-id.ts'
import { codecs } from '../../schemas/codec.ts'
import { topics } from '../../schemas/topics.ts'
import { clickRecord, type Visitor } from '../click/click-record.ts'
import { allowedTarget, asciiAddress, withParameter } from '../click/link-target.ts'
import { redirectParameters, type RedirectParameters } from '../click/redirect-parameters.ts'
import { clientAddress } from '../http/client-address.ts'
import { unknownLink } from '../http/problem.ts'
import { sendProblem } from '../http/send.ts'
import type { IngestContext } from '../ingest-context.ts'
import { lenientParameters, queryOf } from '../parse/parameters.ts'
import { redirectSchema } from './schemas.ts'

/** GET /c/{link_id}: sends a person on, with a click id that proves where they came from. It waits for nothing. */
export function registerRedirect(app: FastifyInstance, context: IngestContext): void {
  app.get<{ Params: { link_id: string } }>('/c/:link_id', { schema: redirectSchema }, (request, reply) =>
    redirect(request, reply, request.params.link_id, context),
  )
  app.head<{ Params: { link_id: string } }>('/c/:link_id', { schema: { hide: true } as object }, (request, reply) =>
    redirect(request, reply, request.params.link_id, context),
  )
}

function redirect(request: FastifyRequest, reply: FastifyReply, linkId: string, context: IngestContext): FastifyReply {
  const link = linkById(context.catalog, linkId)
  if (link === null) {
    context.metrics.problem('redirects', unknownLink.code)
    if (request.method === 'GET') context.metrics.count('redirects', 'rejected', 1)
    return sendProblem(reply, unknownLink)
  }
  const nowMs = context.now()
  const clickId = mintClickId(context.clickKeys, { atMs: nowMs, linkNumber: link.number, random26: context.random26() })
  const parameters = redirectParameters(lenientParameters(queryOf(request.url)))
  if (request.method === 'GET') keepClick(clickId, nowMs, link, parameters, request, context)
  return reply
    .code(302)
    .headers({ location: locationOf(link, parameters.url, clickId, context), 'cache-control': 'no-store' })
    .send()
}

function locationOf(link: Link, wanted: string | null, clickId: string, { catalog }: IngestContext): string {
  const offer = offerById(catalog, link.offerId)
  const brand = brandById(catalog, link.brandId)
  if (offer === null || brand === null) throw new Error(`the catalog lacks the offer or the brand of link ${link.id}`)
  const target = wanted === null ? null : allowedTarget(wanted, brand.deepLinkHosts)
  return withParameter(target ?? asciiAddress(offer.landingUrl), offer.clickParam, clickId)
}

function keepClick(clickId: string, nowMs: number, link: Link, parameters: RedirectParameters, request: FastifyRequest, context: IngestContext): void {
  const facts = {
    click_id: clickId,
    occurred_at: nowMs,
    received_at: nowMs,
    source: 'redirect' as const,
    external_click_id: null,
    affiliate_click_id: parameters.affiliateClickId,
    sub_ids: parameters.subIds,
    is_test: false,
  }
  const click = clickRecord(facts, link, visitorOf(request, context), context.enrichment, context.catalog)
  context.clickLane.push({
    topic: context.names.topic(topics.clicks.name),
    partition: null,
    key: clickId,
    value: codecs.Click.encode(click),
  })
  context.metrics.count('redirects', 'accepted', 1)
}

function visitorOf(request: FastifyRequest, { isProxy }: IngestContext): Visitor {
  const { headers } = request
  const forwardedFor = headers['x-forwarded-for']
  return {
    ip: clientAddress(request.socket.remoteAddress ?? '', Array.isArray(forwardedFor) ? forwardedFor.join(',') : forwardedFor, isProxy),
    userAgent: headers['user-agent'] ?? '',
    language: headers['accept-language'] ?? '',
    referrer: headers.referer ?? null,
  }
}
