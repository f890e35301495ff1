import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Integration, integrationById } from '../../catalog/catalog.ts'
import { eventFromFields } from '../event/event-from-fields.ts'
import { playerEventFrom } from '../event/player-event.ts'
import { authorizedSender, bearerOf, integrationOfToken, isProblem } from '../http/authorize.ts'
import { forbiddenScope, limited, type Problem, unauthorized, unavailable, unknownIntegration } from '../http/problem.ts'
import { type Body, readBody } from '../http/read-body.ts'
import { sendJson, sendProblem } from '../http/send.ts'
import type { IngestContext } from '../ingest-context.ts'
import { type FieldProblem, type Fields, fieldsFromPairs, isFieldProblem, joinedFields } from '../parse/fields.ts'
import { parametersFromText, queryOf } from '../parse/parameters.ts'
import { isJsonObject, parseStrictJson } from '../parse/strict-json.ts'
import { spillRecordOfEvent } from './event-records.ts'
import { storeInTime } from './store-in-time.ts'
import { postbackGetSchema, postbackPostSchema } from './schemas.ts'

type Params = { integration_id: string }
const ROUTE = 'postbacks'
const TOKEN = 'token'

/** GET|POST /v1/postbacks/{integration_id}: one event, answered when it is durable. */
export function registerPostbacks(app: FastifyInstance, context: IngestContext): void {
  const handler = (request: FastifyRequest<{ Params: Params }>, reply: FastifyReply) => answer(request, reply, context)
  app.get<{ Params: Params }>('/v1/postbacks/:integration_id', { schema: postbackGetSchema }, handler)
  app.post<{ Params: Params }>('/v1/postbacks/:integration_id', { schema: postbackPostSchema }, handler)
}

async function answer(request: FastifyRequest<{ Params: Params }>, reply: FastifyReply, context: IngestContext): Promise<FastifyReply> {
  const named = integrationById(context.catalog, request.params.integration_id)
  if (named === null) return refuse(reply, context, null, unknownIntegration)
  const fields = await authorizedFields(request, named, context)
  if ('problem' in fields) return refuse(reply, context, fields.sender, fields.problem)
  const event = eventFromFields(fields, named, context.now())
  if (isFieldProblem(event)) return refuse(reply, context, named, contentProblem(event))
  const playerEvent = playerEventFrom(event, { integration: named, receivedAtMs: context.now(), catalogVersion: context.catalog.version })
  const record = spillRecordOfEvent(playerEvent, context.names)
  if (isFieldProblem(record)) return refuse(reply, context, named, contentProblem(record))
  const stored = await storeInTime([record], 'money', named.id, context)
  if (stored === 'limited') return refuse(reply, context, named, limited())
  if (stored !== 'stored') return refuse(reply, context, named, unavailable(stored))
  context.metrics.count('events', 'accepted', 1)
  return sendJson(reply, 200, { receipt_id: playerEvent.receipt_id, event_id: playerEvent.event_id, status: 'accepted' })
}

type Refused = { problem: Problem; sender: Integration | null }

/** The fields of the call, once it is known that the sender may send them. A token in the body is known only after the body was read. */
async function authorizedFields(request: FastifyRequest, named: Integration, context: IngestContext): Promise<Fields | Refused> {
  const query = parametersFromText(queryOf(request.url))
  const early = bearerOf(request.headers.authorization) ?? query?.find(([name]) => name === TOKEN)?.[1] ?? null
  const mayHaveBody = request.method === 'POST'
  if (early !== null || !mayHaveBody) {
    const problem = senderProblem(early, named, context)
    if (problem !== null) return { problem, sender: problem.status === 403 ? named : null }
  }
  const body = mayHaveBody ? await readBody(request.raw, ['json', 'form']) : null
  const fields = body === null || isProblem(body) ? null : fieldsOfBody(body)
  if (early === null && mayHaveBody) {
    const token = fields === null || isFieldProblem(fields) ? null : fields.values.get(TOKEN)
    const problem = senderProblem(typeof token === 'string' ? token : null, named, context)
    if (problem !== null) return { problem, sender: problem.status === 403 ? named : null }
  }
  if (body !== null && isProblem(body)) return { problem: body, sender: named }
  if (fields !== null && isFieldProblem(fields)) return { problem: contentProblem(fields), sender: named }
  if (query === null)
    return {
      problem: { status: 400, code: 'invalid_query', detail: 'the query is not percent-encoded UTF-8', fix: 'encode names and values' },
      sender: named,
    }
  const all = fields === null ? fieldsFromPairs(query) : joinedFields(fieldsFromPairs(query), fields)
  all.values.delete(TOKEN)
  return all
}

function senderProblem(token: string | null, named: Integration, { secrets }: IngestContext): Problem | null {
  const owner = integrationOfToken(secrets, token)
  if (owner === null || owner.id !== named.id) return unauthorized
  const sender = authorizedSender(secrets, token, 'events')
  return isProblem(sender) ? forbiddenScope('events') : null
}

function fieldsOfBody(body: Body): Fields | FieldProblem {
  if (body.type === 'form') {
    const pairs = parametersFromText(body.text)
    return pairs === null ? { code: 'invalid_form', detail: 'the form is not percent-encoded UTF-8', fix: 'encode names and values' } : fieldsFromPairs(pairs)
  }
  if (body.type === null) return fieldsFromPairs([])
  const value = parseStrictJson(body.text)
  if (value === undefined) return { code: 'invalid_json', detail: 'the body is no JSON', fix: 'send one JSON object' }
  return isJsonObject(value)
    ? { values: value.values, repeated: value.repeated }
    : { code: 'invalid_shape', detail: 'the body is no JSON object', fix: 'send one JSON object' }
}

function contentProblem(problem: FieldProblem): Problem {
  return { status: 400, ...problem }
}

function refuse(reply: FastifyReply, { metrics, outcomes }: IngestContext, sender: Integration | null, problem: Problem): FastifyReply {
  const outcome = problem.status === 503 ? 'unavailable' : problem.status === 429 ? 'limited' : 'rejected'
  metrics.problem(ROUTE, problem.code)
  metrics.count('events', outcome, 1)
  // Without a proven sender the count would be at the mercy of strangers.
  if (sender !== null) outcomes.count(sender.id, outcome, problem.code, 1)
  return sendProblem(reply, problem)
}
