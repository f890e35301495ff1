import type { Integration } from '../../catalog/catalog.ts'
import { currencyDigits, decimalFromText, isCurrency, moneyFromText } from '../../schemas/money.ts'
import type { DecimalProblem } from '../../schemas/money.ts'
import type { OperatorStatus } from '../../schemas/records.generated.ts'
import { shownName } from '../http/problem.ts'
import { type FieldProblem, type Fields, isFieldProblem } from '../parse/fields.ts'
import { isJsonNumber, type JsonValue } from '../parse/strict-json.ts'
import { boundsProblem, idProblem, personProblem, textOf } from '../parse/text-rules.ts'
import { instantFromText, isDayText } from '../parse/time.ts'
import {
  aliases,
  ATTRIBUTE_PREFIX,
  eventTypes,
  type FieldName,
  fieldNames,
  isPersonalName,
  operatorStatuses,
  presenceOf,
  type SentEventType,
} from './field-rules.ts'

/** An event whose every field has been checked. Absent is null. */
export type ValidEvent = {
  eventType: SentEventType
  externalEventId: string
  playerId: string
  clickId: string | null
  promoCode: string | null
  amount: bigint | null
  currency: string | null
  /** null: the sender gave none. */
  occurredAtMs: number | null
  lots: bigint | null
  instrument: string | null
  accountType: string | null
  accountId: string | null
  period: string | null
  revision: number | null
  refersTo: string | null
  status: OperatorStatus | null
  attributes: Record<string, string>
  isTest: boolean
}

const PAST_MS_MAX = 400 * 86_400_000
const AHEAD_MS_MAX = 5 * 60_000
const ATTRIBUTE_CHARS_MAX = 500
const REVISION_MAX = 1_000_000
const LOTS_DIGITS = 8
export const CLICK_PLAYER_PREFIX = 'click~'

const known = new Set<string>(fieldNames)
type Named = { named: Map<FieldName, JsonValue>; attributes: Map<string, JsonValue> }

/** Checks one event. The first thing that is wrong is told, in the order: names, presence, values. */
export function eventFromFields(fields: Fields, integration: Integration, nowMs: number): ValidEvent | FieldProblem {
  const named = namedFields(fields, integration)
  if (isFieldProblem(named)) return named
  const type = eventTypeOf(named.named.get('event'))
  if (isFieldProblem(type)) return type
  return presenceProblem(named.named, type.eventType, integration) ?? readEvent(named, type.eventType, integration, nowMs)
}

function namedFields(fields: Fields, integration: Integration): Named | FieldProblem {
  const [twice] = fields.repeated
  if (twice !== undefined) return { code: 'repeated_field', field: shownName(twice), detail: 'a name is given twice', fix: 'give each name once' }
  const named = new Map<FieldName, JsonValue>()
  const attributes = new Map<string, JsonValue>()
  for (const [sentName, value] of fields.values) {
    const name = Object.hasOwn(aliases, sentName) ? aliases[sentName]! : sentName
    if (known.has(name)) {
      if (named.has(name as FieldName))
        return { code: 'repeated_field', field: name, detail: `${name} is given twice, once by another name of it`, fix: 'give it once' }
      named.set(name as FieldName, value)
    } else if (integration.ignoredParameters.includes(sentName)) continue
    else if (sentName.startsWith(ATTRIBUTE_PREFIX) && integration.attributes.includes(sentName.slice(ATTRIBUTE_PREFIX.length)))
      attributes.set(sentName.slice(ATTRIBUTE_PREFIX.length), value)
    else return unknownName(sentName)
  }
  return { named, attributes }
}

/** Tells an unknown name. */
export function unknownName(name: string): FieldProblem {
  const field = shownName(name)
  if (isPersonalName(name)) return { code: 'personal_data', field, detail: 'personal data is not taken here', fix: 'leave it out' }
  if (name.startsWith(ATTRIBUTE_PREFIX))
    return {
      code: 'undeclared_attribute',
      field,
      detail: 'the integration does not declare this attribute',
      fix: 'declare it in the catalog, or leave it out',
    }
  return {
    code: 'unknown_field',
    field,
    detail: 'no field has this name',
    fix: 'correct the name, leave it out, or let the integration ignore it in the catalog',
  }
}

function eventTypeOf(value: JsonValue | undefined): { eventType: SentEventType } | FieldProblem {
  const fix = `send one of ${eventTypes.join(', ')}`
  if (value === undefined) return { code: 'missing_field', field: 'event', detail: 'event is missing', fix }
  const eventType = eventTypes.find((type) => type === value)
  return eventType === undefined ? { code: 'invalid_value', field: 'event', detail: 'event is none of the known ones', fix } : { eventType }
}

function presenceProblem(named: ReadonlyMap<FieldName, JsonValue>, type: SentEventType, integration: Integration): FieldProblem | null {
  const { required, allowed } = presenceOf(type, integration.subject)
  for (const name of named.keys()) {
    if (allowed.has(name)) continue
    const where = name === 'player_id' ? 'an integration whose subject is the click' : `the event ${type}`
    return { code: 'field_not_allowed', field: name, detail: `${name} does not belong to ${where}`, fix: `leave ${name} out` }
  }
  for (const name of required) {
    if (!named.has(name)) return { code: 'missing_field', field: name, detail: `${name} is missing`, fix: `send ${name} with the event ${type}` }
  }
  return null
}

class FieldFault extends Error {
  readonly problem: FieldProblem
  constructor(problem: FieldProblem) {
    super(problem.code)
    this.problem = problem
  }
}

function readEvent({ named, attributes }: Named, eventType: SentEventType, integration: Integration, nowMs: number): ValidEvent | FieldProblem {
  const optional = <T>(name: FieldName, read: (name: string, value: JsonValue) => T): T | null => {
    const value = named.get(name)
    return value === undefined ? null : read(name, value)
  }
  try {
    const clickId = optional('click_id', readId)
    const sentPlayer = optional('player_id', readId)
    if (sentPlayer?.startsWith(CLICK_PLAYER_PREFIX))
      throw new FieldFault({
        code: 'invalid_value',
        field: 'player_id',
        detail: `player_id begins with ${CLICK_PLAYER_PREFIX}`,
        fix: 'send the id of the player',
      })
    const currency = optional('currency', readCurrency)
    return {
      eventType,
      externalEventId: optional('external_event_id', readId) ?? '',
      playerId: integration.subject === 'click' ? CLICK_PLAYER_PREFIX + clickId : sentPlayer!,
      clickId,
      promoCode: optional('promo_code', readId),
      amount: optional('amount', (name, value) => readAmount(name, value, currency!, eventType)),
      currency,
      occurredAtMs: optional('occurred_at', (name, value) => readInstant(name, value, nowMs)),
      lots: optional('lots', readLots),
      instrument: optional('instrument', readId),
      accountType: optional('account_type', readId),
      accountId: optional('account_id', readId),
      period: optional('period', readPeriod),
      revision: optional('revision', readRevision),
      refersTo: optional('refers_to', readId),
      status: optional('status', readStatus),
      attributes: readAttributes(attributes),
      isTest: optional('is_test', readFlag) ?? false,
    }
  } catch (error) {
    if (error instanceof FieldFault) return error.problem
    throw error
  }
}

function readText(name: string, value: JsonValue): string {
  const text = textOf(name, value)
  if (typeof text !== 'string') throw new FieldFault(text)
  return text
}

function readId(name: string, value: JsonValue): string {
  const text = readText(name, value)
  const problem = idProblem(name, text)
  if (problem !== null) throw new FieldFault(problem)
  return text
}

function readCurrency(name: string, value: JsonValue): string {
  const text = readText(name, value)
  if (!isCurrency(text))
    throw new FieldFault({
      code: 'unknown_currency',
      field: name,
      detail: 'currency is no ISO 4217 code in capitals',
      fix: 'send a code such as EUR',
    })
  return text
}

function readAmount(name: string, value: JsonValue, currency: string, eventType: SentEventType): bigint {
  if (isJsonNumber(value))
    throw new FieldFault({
      code: 'invalid_type',
      field: name,
      detail: `${name} is a JSON number, which loses digits on the way`,
      fix: `send ${name} as a string, such as "12.50"`,
    })
  const sign = eventType === 'revenue_reported' ? 'signed' : 'positive'
  const units = moneyFromText(readText(name, value), currency, sign)
  if (typeof units === 'bigint') return units
  throw new FieldFault(
    units === 'unknown_currency'
      ? { code: units, field: 'currency', detail: 'currency is unknown', fix: 'send an ISO 4217 code' }
      : decimalProblem(name, units, currencyDigits(currency) ?? 0),
  )
}

function readLots(name: string, value: JsonValue): bigint {
  // A JSON number keeps its digits here, so nothing is lost and nothing needs to be refused.
  const units = decimalFromText(isJsonNumber(value) ? value.text : readText(name, value), LOTS_DIGITS)
  if (typeof units === 'bigint') return units
  throw new FieldFault(decimalProblem(name, units, LOTS_DIGITS))
}

function decimalProblem(field: string, code: DecimalProblem, digits: number): FieldProblem {
  const details: Record<DecimalProblem, string> = {
    not_a_decimal: `${field} is no plain decimal`,
    too_many_digits_before: `${field} has more than 15 digits before the point`,
    too_many_digits_after: `${field} has more than ${digits} digits after the point`,
    not_positive: `${field} is not above zero`,
  }
  return {
    code,
    field,
    detail: details[code],
    fix: `send digits with a dot and at most ${digits} digits after it, without sign, comma, space or exponent`,
  }
}

/** An instant inside the bounds that everything sent must keep. */
export function occurredAtFrom(field: string, text: string, nowMs: number): number | FieldProblem {
  const atMs = instantFromText(text)
  if (atMs === null)
    return {
      code: 'invalid_time',
      field,
      detail: `${field} is no RFC 3339 instant with offset`,
      fix: 'send an instant such as 2026-01-31T12:00:00Z; in a query, + is written %2B',
    }
  if (atMs < nowMs - PAST_MS_MAX)
    return { code: 'time_too_old', field, detail: `${field} is more than 400 days ago`, fix: 'send what happened within the last 400 days' }
  if (atMs > nowMs + AHEAD_MS_MAX)
    return {
      code: 'time_in_future',
      field,
      detail: `${field} is more than 5 minutes ahead`,
      fix: 'check the clock and the offset of the sender',
    }
  return atMs
}

function readInstant(name: string, value: JsonValue, nowMs: number): number {
  const atMs = occurredAtFrom(name, readText(name, value), nowMs)
  if (typeof atMs !== 'number') throw new FieldFault(atMs)
  return atMs
}

function readPeriod(name: string, value: JsonValue): string {
  const text = readText(name, value)
  if (!isDayText(text))
    throw new FieldFault({
      code: 'invalid_value',
      field: name,
      detail: `${name} is no day of the calendar`,
      fix: 'send a day as YYYY-MM-DD',
    })
  return text
}

function readRevision(name: string, value: JsonValue): number {
  const text = isJsonNumber(value) ? value.text : readText(name, value)
  const revision = /^[1-9][0-9]{0,6}$/.test(text) ? Number(text) : 0
  if (revision < 1 || revision > REVISION_MAX)
    throw new FieldFault({
      code: 'invalid_value',
      field: name,
      detail: `${name} is no integer from 1 to ${REVISION_MAX}`,
      fix: `send an integer from 1 to ${REVISION_MAX}`,
    })
  return revision
}

function readStatus(name: string, value: JsonValue): OperatorStatus {
  const status = operatorStatuses.find((known) => known === value)
  if (status === undefined)
    throw new FieldFault({
      code: 'invalid_value',
      field: name,
      detail: `${name} is none of the known ones`,
      fix: `send one of ${operatorStatuses.join(', ')}`,
    })
  return status
}

function readFlag(name: string, value: JsonValue): boolean {
  const problem = flagProblem(name, value)
  if (problem !== null) throw new FieldFault(problem)
  return value === true || value === 'true'
}

/** Truth is `true` or `false`, as a word or as JSON; nothing else is guessed. */
export function flagProblem(name: string, value: JsonValue): FieldProblem | null {
  if (typeof value === 'boolean' || value === 'true' || value === 'false') return null
  return { code: 'invalid_value', field: name, detail: `${name} is neither true nor false`, fix: 'send true or false' }
}

function readAttributes(attributes: ReadonlyMap<string, JsonValue>): Record<string, string> {
  return Object.fromEntries(
    [...attributes].map(([name, value]) => {
      const field = ATTRIBUTE_PREFIX + name
      const text = readText(field, value)
      const problem = boundsProblem(field, text, 0, ATTRIBUTE_CHARS_MAX) ?? personProblem(field, text)
      if (problem !== null) throw new FieldFault(problem)
      return [name, text]
    }),
  )
}
