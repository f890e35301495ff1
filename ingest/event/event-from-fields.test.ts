import { describe, expect, test } from 'vitest'
import type { Integration } from '../../catalog/catalog.ts'
import { fieldsFromPairs, isFieldProblem } from '../parse/fields.ts'
import type { JsonValue } from '../parse/strict-json.ts'
import { eventFromFields } from './event-from-fields.ts'
import { eventTypes, fieldNames, presenceOf } from './field-rules.ts'

const NOW_MS = Date.UTC(2026, 5, 15, 12)
const PLAYER: Integration = {
  id: 'crm',
  brandId: 'lucky',
  subject: 'player',
  secretEnv: 'X',
  scopes: ['events'],
  attributes: ['campaign', '__proto__'],
  ignoredParameters: ['foo'],
}
const CLICK: Integration = { ...PLAYER, id: 'network', subject: 'click' }

/** A good value of every field. */
const GOOD: Record<string, string> = {
  external_event_id: 'e-1',
  player_id: 'p-1',
  click_id: 'c-1',
  promo_code: 'ANN10',
  amount: '10.50',
  currency: 'EUR',
  occurred_at: '2026-06-01T00:00:00Z',
  lots: '0.5',
  instrument: 'EURUSD',
  account_type: 'standard',
  period: '2026-06-01',
  revision: '1',
  refers_to: 'e-0',
  status: 'held',
  account_id: 'a-1',
  is_test: 'true',
}
const BASE: Record<string, Record<string, string>> = Object.fromEntries(
  eventTypes.map((type) => [type, Object.fromEntries([...presenceOf(type, 'player').required].map((name) => [name, name === 'event' ? type : GOOD[name]!]))]),
)

function read(fields: Record<string, JsonValue>, integration = PLAYER) {
  return eventFromFields(fieldsFromPairs(Object.entries(fields)), integration, NOW_MS)
}

function problemOf(fields: Record<string, JsonValue>, integration = PLAYER) {
  const result = read(fields, integration)
  return isFieldProblem(result) ? [result.field, result.code] : null
}

describe('every event type', () => {
  test.each(eventTypes)('%s is taken with its required fields alone and with all optional ones', (type) => {
    expect(problemOf(BASE[type]!)).toBeNull()
    const all = Object.fromEntries([...presenceOf(type, 'player').allowed].map((name) => [name, name === 'event' ? type : GOOD[name]!]))
    expect(problemOf(all)).toBeNull()
  })

  test.each(eventTypes)('%s is refused without each of its required fields', (type) => {
    for (const name of presenceOf(type, 'player').required) {
      const { [name]: _, ...rest } = BASE[type]!
      expect(problemOf(rest)).toEqual([name, 'missing_field'])
    }
  })

  test.each(eventTypes)('%s is refused with each field that it has not', (type) => {
    for (const name of fieldNames.filter((name) => !presenceOf(type, 'player').allowed.has(name))) {
      expect(problemOf({ ...BASE[type]!, [name]: GOOD[name]! })).toEqual([name, 'field_not_allowed'])
    }
  })

  test('of a click needs the click id, refuses a player, and may bring a promo code at any time', () => {
    const { player_id: _, ...deposit } = BASE['deposit']!
    expect(problemOf({ ...deposit, click_id: 'c-1', promo_code: 'ANN10' }, CLICK)).toBeNull()
    expect(problemOf(deposit, CLICK)).toEqual(['click_id', 'missing_field'])
    expect(problemOf({ ...deposit, click_id: 'c-1', player_id: 'p-1' }, CLICK)).toEqual(['player_id', 'field_not_allowed'])
  })
})

describe('a value', () => {
  const deposit = BASE['deposit']!
  const cases: [string, Record<string, JsonValue>, [string, string] | null][] = [
    ['amount zero', { ...deposit, amount: '0.00' }, ['amount', 'not_positive']],
    ['amount negative', { ...deposit, amount: '-1.00' }, ['amount', 'not_positive']],
    ['amount with a comma', { ...deposit, amount: '10,50' }, ['amount', 'not_a_decimal']],
    ['amount with an exponent', { ...deposit, amount: '1e3' }, ['amount', 'not_a_decimal']],
    ['amount with a plus', { ...deposit, amount: '+1' }, ['amount', 'not_a_decimal']],
    ['amount with a space', { ...deposit, amount: ' 1' }, ['amount', 'not_a_decimal']],
    ['amount without a digit before the dot', { ...deposit, amount: '.5' }, ['amount', 'not_a_decimal']],
    ['amount in other digits', { ...deposit, amount: '１０' }, ['amount', 'not_a_decimal']],
    ['amount with too many decimals', { ...deposit, amount: '10.505' }, ['amount', 'too_many_digits_after']],
    ['amount of a currency without decimals', { ...deposit, amount: '10.5', currency: 'JPY' }, ['amount', 'too_many_digits_after']],
    ['amount with 16 digits', { ...deposit, amount: '1'.repeat(16) }, ['amount', 'too_many_digits_before']],
    ['amount with 15 digits', { ...deposit, amount: `${'1'.repeat(15)}.99` }, null],
    ['amount as a JSON number', { ...deposit, amount: { kind: 'number', text: '10.5' } }, ['amount', 'invalid_type']],
    ['amount null', { ...deposit, amount: null }, ['amount', 'invalid_type']],
    ['negative revenue', { ...BASE['revenue_reported']!, amount: '-10.50' }, null],
    ['zero revenue', { ...BASE['revenue_reported']!, amount: '0' }, null],
    ['currency in small letters', { ...deposit, currency: 'eur' }, ['currency', 'unknown_currency']],
    ['currency unknown', { ...deposit, currency: 'ZZZ' }, ['currency', 'unknown_currency']],
    ['id empty', { ...deposit, external_event_id: '' }, ['external_event_id', 'invalid_length']],
    ['id of 200 characters', { ...deposit, external_event_id: '😀'.repeat(200) }, null],
    ['id of 201 characters', { ...deposit, external_event_id: 'x'.repeat(201) }, ['external_event_id', 'invalid_length']],
    ['id with a control character', { ...deposit, player_id: 'a\u0000' }, ['player_id', 'control_character']],
    ['id with half a character', { ...deposit, player_id: 'a\ud800' }, ['player_id', 'invalid_text']],
    ['id as a number', { ...deposit, player_id: { kind: 'number', text: '7' } }, ['player_id', 'invalid_type']],
    ['player that looks like a click', { ...deposit, player_id: 'click~x' }, ['player_id', 'invalid_value']],
    ['player that is a mail address', { ...deposit, player_id: 'jane@private.example' }, ['player_id', 'personal_data']],
    ['time 400 days ago', { ...deposit, occurred_at: new Date(NOW_MS - 400 * 86_400_000).toISOString() }, null],
    ['time before that', { ...deposit, occurred_at: new Date(NOW_MS - 400 * 86_400_000 - 1).toISOString() }, ['occurred_at', 'time_too_old']],
    ['time 5 minutes ahead', { ...deposit, occurred_at: new Date(NOW_MS + 300_000).toISOString() }, null],
    ['time after that', { ...deposit, occurred_at: new Date(NOW_MS + 300_001).toISOString() }, ['occurred_at', 'time_in_future']],
    ['time without offset', { ...deposit, occurred_at: '2026-06-01T00:00:00' }, ['occurred_at', 'invalid_time']],
    ['lots zero', { ...BASE['trade_closed']!, lots: '0' }, ['lots', 'not_positive']],
    ['lots with 8 decimals', { ...BASE['trade_closed']!, lots: '0.00000001' }, null],
    ['lots with 9 decimals', { ...BASE['trade_closed']!, lots: '0.000000001' }, ['lots', 'too_many_digits_after']],
    ['revision 0', { ...BASE['revenue_reported']!, revision: '0' }, ['revision', 'invalid_value']],
    ['revision 1000000 as a number', { ...BASE['revenue_reported']!, revision: { kind: 'number', text: '1000000' } }, null],
    ['revision 1000001', { ...BASE['revenue_reported']!, revision: '1000001' }, ['revision', 'invalid_value']],
    ['revision 1.0', { ...BASE['revenue_reported']!, revision: { kind: 'number', text: '1.0' } }, ['revision', 'invalid_value']],
    ['period that is no day', { ...BASE['revenue_reported']!, period: '2026-02-30' }, ['period', 'invalid_value']],
    ['status unknown', { ...BASE['status_change']!, status: 'paid' }, ['status', 'invalid_value']],
    ['is_test 1', { ...deposit, is_test: '1' }, ['is_test', 'invalid_value']],
    ['is_test true as JSON', { ...deposit, is_test: true }, null],
    ['event tick', { ...deposit, event: 'tick' }, ['event', 'invalid_value']],
    ['attribute declared', { ...deposit, 'attr.campaign': '' }, null],
    ['attribute of 501 characters', { ...deposit, 'attr.campaign': 'x'.repeat(501) }, ['attr.campaign', 'invalid_length']],
    ['attribute not declared', { ...deposit, 'attr.other': 'x' }, ['attr.other', 'undeclared_attribute']],
    ['unknown name', { ...deposit, bar: 'x' }, ['bar', 'unknown_field']],
    ['name of Object', { ...deposit, constructor: 'x' }, ['constructor', 'unknown_field']],
    ['personal name', { ...deposit, birth_date: 'x' }, ['birth_date', 'personal_data']],
    ['ignored name', { ...deposit, foo: 'x' }, null],
  ]
  test.each(cases)('%s', (_name, fields, expected) => {
    expect(problemOf(fields)).toEqual(expected)
  })

  test('an alias stands for its field, and both are the field given twice', () => {
    const { external_event_id: id, ...rest } = deposit
    expect(read({ ...rest, event_id: id! })).toMatchObject({ externalEventId: 'e-1' })
    expect(problemOf({ ...deposit, event_id: 'e-1' })).toEqual(['external_event_id', 'repeated_field'])
  })

  test('an attribute named like a prototype is an attribute', () => {
    const event = read({ ...deposit, 'attr.__proto__': 'x' })
    expect(isFieldProblem(event) ? event : Object.entries(event.attributes)).toEqual([['__proto__', 'x']])
  })

  test('no problem repeats what was sent', () => {
    for (const name of fieldNames) {
      const problem = read({ ...deposit, [name]: 'SECRET-VALUE\u0000' })
      expect(JSON.stringify(problem)).not.toContain('SECRET')
    }
  })
})
