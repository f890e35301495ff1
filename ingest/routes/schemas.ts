import { type TSchema, Type } from 'typebox'
import { eventTypes, operatorStatuses } from '../event/field-rules.ts'
import { ID_CHARS_MAX } from '../parse/text-rules.ts'
import { ITEMS_MAX } from './batch.ts'

/*
 * What the addresses take and answer, for people and their generators. The checks themselves are in event/ and click/,
 * since they must come in a fixed order and never repeat a value.
 */
const id = (description: string) => Type.String({ minLength: 1, maxLength: ID_CHARS_MAX, description })
const choice = (values: readonly string[], description: string) =>
  Type.Union(
    values.map((value) => Type.Literal(value)),
    { description },
  )
const instant = Type.String({ format: 'date-time', description: 'RFC 3339 with offset, from 400 days ago to 5 minutes ahead' })
const amount = Type.String({
  pattern: '^-?[0-9]{1,15}(\\.[0-9]+)?$',
  description: 'Decimal with a dot, as a string; no more digits than the currency has',
})

const fieldError = Type.Object({
  code: Type.String(),
  detail: Type.String(),
  field: Type.Optional(Type.String()),
  fix: Type.Optional(Type.String()),
})
const problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    code: Type.String(),
    field: Type.Optional(Type.String()),
    fix: Type.Optional(Type.String()),
  },
  { description: 'What is wrong and what to do; never a value that was sent' },
)

const event = Type.Object(
  {
    event: choice(eventTypes, 'What happened'),
    external_event_id: Type.Optional(id('Your id of the event; alias event_id. Required except for a registration')),
    player_id: Type.Optional(id('Opaque id of the player; required when the subject of the integration is the player, else refused')),
    click_id: Type.Optional(id('Evidence on a registration; required when the subject of the integration is the click')),
    promo_code: Type.Optional(id('Evidence on a registration')),
    amount: Type.Optional(amount),
    currency: Type.Optional(Type.String({ pattern: '^[A-Z]{3}$', description: 'ISO 4217' })),
    occurred_at: Type.Optional(instant),
    lots: Type.Optional(Type.String({ description: 'Closed lots, above zero, up to 8 decimals' })),
    instrument: Type.Optional(id('Traded instrument')),
    account_type: Type.Optional(id('Type of the trading account')),
    period: Type.Optional(Type.String({ format: 'date', description: 'Reported day' })),
    revision: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'The higher one replaces' })),
    refers_to: Type.Optional(id('external_event_id of the original')),
    status: Type.Optional(choice(operatorStatuses, 'Word of the operator')),
    account_id: Type.Optional(id('Account within the player')),
    is_test: Type.Optional(Type.Boolean()),
  },
  { description: 'Beside these: attr.<name> for each attribute that the integration declares' },
)

const click = Type.Object({
  external_click_id: id('Your id of the click'),
  link_id: Type.Optional(id('A link of the catalog; this or promo_code')),
  promo_code: Type.Optional(id('Stands for the link of its owner with the lowest number')),
  occurred_at: instant,
  ip: Type.String({ description: 'Address of the person; only a keyed hash and the network are kept' }),
  user_agent: Type.String(),
  referrer: Type.Optional(Type.String({ description: 'Only its host is kept' })),
  sub_ids: Type.Optional(Type.Record(Type.String(), Type.String())),
  affiliate_click_id: Type.Optional(id('The id the affiliate gave it')),
  is_test: Type.Optional(Type.Boolean()),
})

const accepted = Type.Object({ receipt_id: Type.String(), event_id: Type.String(), status: Type.Literal('accepted') })
const itemAnswer = (ids: Record<string, TSchema>) =>
  Type.Object({
    index: Type.Integer({ minimum: 0 }),
    status: choice(['accepted', 'rejected'], 'Fate of the item'),
    error: Type.Optional(fieldError),
    ...ids,
  })

/** One item or a list. */
const oneOrMany = (item: TSchema) => Type.Union([item, Type.Array(item, { minItems: 1, maxItems: ITEMS_MAX })])

const problems = (...statuses: number[]) => Object.fromEntries(statuses.map((status) => [status, problem]))
const linkParameter = Type.Object({ link_id: Type.String({ description: 'Id of a link' }) })
const integrationParameter = Type.Object({ integration_id: Type.String({ description: 'Id of an integration' }) })
const bearer = [{ secret: [] }]

/** `content` becomes the request body of the published document. */
type RouteSchema = {
  summary: string
  params?: TSchema
  querystring?: TSchema
  content?: Record<string, TSchema>
  response: Record<string, unknown>
  security?: Record<string, string[]>[]
}

export const redirectSchema: RouteSchema = {
  summary: 'Send a person to the landing page with a signed click id',
  params: linkParameter,
  querystring: Type.Object({
    url: Type.Optional(Type.String({ description: 'A page on one of the deep-link hosts of the brand' })),
    affiliate_click_id: Type.Optional(Type.String()),
    ...Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`sub${index + 1}`, Type.Optional(Type.String())])),
  }),
  response: { 302: Type.Null({ description: 'Location has the click id' }), ...problems(404, 431) },
}

export const postbackGetSchema: RouteSchema = {
  summary: 'Tell one event',
  params: integrationParameter,
  querystring: Type.Object({
    ...event.properties,
    token: Type.Optional(Type.String({ description: 'The secret, where a header cannot be sent' })),
  }),
  response: { 200: accepted, ...problems(400, 401, 403, 404, 429, 431, 503) },
  security: bearer,
}

export const postbackPostSchema: RouteSchema = {
  summary: 'Tell one event',
  params: integrationParameter,
  content: { 'application/json': event, 'application/x-www-form-urlencoded': event },
  response: { 200: accepted, ...problems(400, 401, 403, 404, 413, 415, 429, 431, 503) },
  security: bearer,
}

export const eventsSchema: RouteSchema = {
  summary: 'Tell up to a thousand events',
  content: { 'application/json': oneOrMany(event) },
  response: {
    202: Type.Object({
      items: Type.Array(itemAnswer({ receipt_id: Type.Optional(Type.String()), event_id: Type.Optional(Type.String()) })),
    }),
    ...problems(400, 401, 403, 413, 415, 429, 431, 503),
  },
  security: bearer,
}

export const clicksSchema: RouteSchema = {
  summary: 'Tell up to a thousand clicks',
  content: { 'application/json': oneOrMany(click) },
  response: {
    202: Type.Object({ items: Type.Array(itemAnswer({ click_id: Type.Optional(Type.String()) })) }),
    ...problems(400, 401, 403, 413, 415, 429, 431, 503),
  },
  security: bearer,
}
