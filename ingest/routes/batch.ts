import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Integration, Scope } from '../../catalog/catalog.ts'
import { authorizedSender, bearerOf, isProblem } from '../http/authorize.ts'
import { limited, type Problem, unavailable } from '../http/problem.ts'
import { readBody } from '../http/read-body.ts'
import { sendJson, sendProblem } from '../http/send.ts'
import type { IngestContext } from '../ingest-context.ts'
import type { Lane } from '../ingest-metrics.ts'
import { type FieldProblem, type Fields, isFieldProblem } from '../parse/fields.ts'
import { isJsonObject, type JsonValue, parseStrictJson } from '../parse/strict-json.ts'
import type { SpillRecord, SpillShare } from '../spill/spill.ts'
import { storeInTime } from './store-in-time.ts'

/** What one item becomes: a record, and the ids that its sender is told. */
export type Item = { record: SpillRecord; ids: Record<string, string> }

export type BatchRoute = {
  lane: Extract<Lane, 'clicks' | 'events'>
  scope: Scope
  share: SpillShare
  itemFrom(fields: Fields, integration: Integration, nowMs: number): Item | FieldProblem
}

export const ITEMS_MAX = 1_000

/** POST of one item or a list: each is told its own fate, and nothing is answered before all accepted ones are durable. */
export async function answerBatch(request: FastifyRequest, reply: FastifyReply, route: BatchRoute, context: IngestContext): Promise<FastifyReply> {
  const sender = authorizedSender(context.secrets, bearerOf(request.headers.authorization), route.scope)
  if (isProblem(sender)) {
    const known = sender.status === 403 ? authorizedSender(context.secrets, bearerOf(request.headers.authorization), otherScope(route.scope)) : sender
    return refuse(reply, context, route, isProblem(known) ? null : known, sender, 1)
  }
  const values = await itemsOf(request)
  if (!Array.isArray(values)) return refuse(reply, context, route, sender, values, 1)
  const nowMs = context.now()
  const items = values.map((value) => (isJsonObject(value) ? route.itemFrom(value, sender, nowMs) : notAnObject))
  const records = items.flatMap((item) => (isFieldProblem(item) ? [] : [item.record]))
  const stored = records.length === 0 ? 'stored' : await storeInTime(records, route.share, sender.id, context)
  if (stored === 'limited') return refuse(reply, context, route, sender, limited(), items.length)
  if (stored !== 'stored') return refuse(reply, context, route, sender, unavailable(stored), items.length)
  countItems(items, records.length, sender, route, context)
  return sendJson(reply, 202, { items: items.map(itemAnswer) })
}

const notAnObject: FieldProblem = { code: 'invalid_shape', detail: 'the item is no object', fix: 'send an object' }

function otherScope(scope: Scope): Scope {
  return scope === 'clicks' ? 'events' : 'clicks'
}

async function itemsOf(request: FastifyRequest): Promise<JsonValue[] | Problem> {
  const body = await readBody(request.raw, ['json'])
  if (isProblem(body)) return body
  const value = parseStrictJson(body.text)
  if (value === undefined) return { status: 400, code: 'invalid_json', detail: 'the body is no JSON', fix: 'send an object or an array of objects' }
  if (isJsonObject(value)) return [value]
  if (!Array.isArray(value))
    return {
      status: 400,
      code: 'invalid_shape',
      detail: 'the body is neither an object nor an array',
      fix: 'send an object or an array of objects',
    }
  if (value.length < 1 || value.length > ITEMS_MAX)
    return { status: 400, code: 'invalid_count', detail: `the array has ${value.length} items`, fix: `send 1 to ${ITEMS_MAX} items` }
  return value
}

function itemAnswer(item: Item | FieldProblem, index: number): object {
  if (!isFieldProblem(item)) return { index, status: 'accepted', ...item.ids }
  const { code, detail, field, fix } = item
  return { index, status: 'rejected', error: { code, detail, field, fix } }
}

function countItems(items: (Item | FieldProblem)[], accepted: number, sender: Integration, route: BatchRoute, { metrics, outcomes }: IngestContext): void {
  metrics.count(route.lane, 'accepted', accepted)
  metrics.count(route.lane, 'rejected', items.length - accepted)
  for (const item of items) {
    if (!isFieldProblem(item)) continue
    metrics.problem(route.lane, item.code)
    if (route.lane === 'events') outcomes.count(sender.id, 'rejected', item.code, 1)
  }
}

function refuse(
  reply: FastifyReply,
  { metrics, outcomes }: IngestContext,
  route: BatchRoute,
  sender: Integration | null,
  problem: Problem,
  quantity: number,
): FastifyReply {
  const outcome = problem.status === 503 ? 'unavailable' : problem.status === 429 ? 'limited' : 'rejected'
  metrics.problem(route.lane, problem.code)
  metrics.count(route.lane, outcome, quantity)
  if (sender !== null && route.lane === 'events') outcomes.count(sender.id, outcome, problem.code, quantity)
  return sendProblem(reply, problem)
}
