/** Which fields an event has: the one place where that is said. */
export const eventTypes = ['registration', 'deposit', 'withdrawal', 'trade_closed', 'revenue_reported', 'chargeback', 'status_change'] as const
export type SentEventType = (typeof eventTypes)[number]

export const operatorStatuses = ['pending', 'held', 'approved', 'rejected', 'reversed'] as const

export type FieldName =
  | 'event'
  | 'external_event_id'
  | 'player_id'
  | 'click_id'
  | 'promo_code'
  | 'amount'
  | 'currency'
  | 'occurred_at'
  | 'lots'
  | 'instrument'
  | 'account_type'
  | 'period'
  | 'revision'
  | 'refers_to'
  | 'status'
  | 'account_id'
  | 'is_test'

export const fieldNames: readonly FieldName[] = [
  'event',
  'external_event_id',
  'player_id',
  'click_id',
  'promo_code',
  'amount',
  'currency',
  'occurred_at',
  'lots',
  'instrument',
  'account_type',
  'period',
  'revision',
  'refers_to',
  'status',
  'account_id',
  'is_test',
]

/** Another name of a field. */
export const aliases: Readonly<Record<string, FieldName>> = { event_id: 'external_event_id' }

/** Prefix of the attributes that an integration declares. */
export const ATTRIBUTE_PREFIX = 'attr.'

type Presence = { required: readonly FieldName[]; optional: readonly FieldName[] }

/** Many senders put click id and promo code on every call; they are kept everywhere and are evidence on what binds. */
const always: readonly FieldName[] = ['occurred_at', 'account_id', 'is_test', 'click_id', 'promo_code']

const byType: Readonly<Record<SentEventType, Presence>> = {
  registration: { required: [], optional: ['external_event_id'] },
  deposit: { required: ['external_event_id', 'amount', 'currency'], optional: [] },
  withdrawal: { required: ['external_event_id', 'amount', 'currency'], optional: [] },
  trade_closed: { required: ['external_event_id', 'lots', 'instrument', 'account_type'], optional: [] },
  revenue_reported: { required: ['external_event_id', 'amount', 'currency', 'period', 'revision'], optional: [] },
  chargeback: { required: ['external_event_id', 'amount', 'currency', 'refers_to'], optional: [] },
  status_change: { required: ['external_event_id', 'refers_to', 'status'], optional: [] },
}

/** The fields of an event of this type. */
export function presenceOf(type: SentEventType, subject: 'player' | 'click'): { required: ReadonlySet<FieldName>; allowed: ReadonlySet<FieldName> } {
  return presences[subject][type]
}

function presence(type: SentEventType, subject: 'player' | 'click') {
  const { required, optional } = byType[type]
  const who: readonly FieldName[] = subject === 'player' ? ['event', 'player_id'] : ['event', 'click_id']
  const needs = new Set([...who, ...required])
  return { required: needs, allowed: new Set([...needs, ...optional, ...always]) }
}

function presencesOf(subject: 'player' | 'click') {
  return Object.fromEntries(eventTypes.map((type) => [type, presence(type, subject)])) as Record<SentEventType, ReturnType<typeof presence>>
}

const presences = { player: presencesOf('player'), click: presencesOf('click') }

/** Names under which senders offer what must not be stored; told apart only to give the better advice. */
const PERSONAL =
  /(^|[._-])(e?mail|phone|mobile|msisdn|tel|(first|last|full|sur|given|family|user)_?name|name|birth_?(date|day)|date_of_birth|dob|address|ip|passport|iban|card)([._-]|$)/i

export function isPersonalName(name: string): boolean {
  return PERSONAL.test(name)
}
