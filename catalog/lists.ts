import { ipClasses, ruleModes } from './catalog.ts'
import type {
  BooleanSpec,
  ChoiceSpec,
  DecimalSpec,
  FieldSpec,
  InstantSpec,
  ListSpec,
  NumberSpec,
  ObjectSpec,
  TextSpec,
  ValueOf,
  VariantsSpec,
} from './field-spec.ts'

/** What each file of the catalog may hold, field by field. */

const maxPromoCodeLength = 200
const maxListItems = 1000
const yearDays = 366
const maxWindowMs = 400 * 86_400_000

const text = (says: string, pattern: string, expected: string, maxLength: number, example: string): TextSpec => ({
  kind: 'text',
  says,
  pattern,
  expected,
  maxLength,
  example,
})
const id = (says: string, example: string): TextSpec => text(says, '^[a-z0-9_-]{1,64}$', '1 to 64 of a-z, 0-9, _ and -', 64, example)
const currency = text('ISO 4217 code in capitals', '^[A-Z]{3}$', 'an ISO 4217 code in capitals', 3, 'EUR')
const amount = (says: string, example: string): DecimalSpec => ({ kind: 'decimal', says, maxDecimals: 8, example })
const instant: InstantSpec = { kind: 'instant', says: 'an instant, RFC 3339 with offset' }
const integer = (says: string, min: number, max: number, example: number): NumberSpec => ({ kind: 'number', says, integer: true, min, max, example })
const yesOrNo = (says: string): BooleanSpec => ({ kind: 'boolean', says })
const choice = <const Value extends string>(says: string, values: readonly Value[]): ChoiceSpec<Value> => ({ kind: 'choice', says, values })
const list = <Of extends FieldSpec>(says: string, of: Of, minItems = 0): Omit<ListSpec, 'of'> & { of: Of } => ({
  kind: 'list',
  says,
  of,
  minItems,
  maxItems: maxListItems,
})
const object = <Fields extends Record<string, FieldSpec>>(says: string, fields: Fields): Omit<ObjectSpec, 'fields'> & { fields: Fields } => ({
  kind: 'object',
  says,
  fields,
})
const optional = <S extends FieldSpec>(spec: S): S & { optional: true } => ({ ...spec, optional: true })

const parameterName = (says: string, example: string): TextSpec => text(says, '^[A-Za-z0-9_.~-]{1,64}$', '1 to 64 letters, digits, _ . ~ and -', 64, example)
const version = integer('grows with each change of the row', 1, 2_147_483_647, 1)
const count = integer('clicks within the window', 1, 1_000_000_000, 10)
const windowMs = (example: number): NumberSpec => integer('length of the window in milliseconds', 1, maxWindowMs, example)

const brand = object('a product that players register with', {
  id: id('name of the brand', 'lucky-harbor'),
  deep_link_hosts: optional(
    list(
      'hosts that a click link may lead to with ?url=',
      text(
        'host',
        '^[A-Za-z0-9]([A-Za-z0-9-]{0,62})?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,62})?)*$',
        'a host name without scheme, port or path',
        253,
        'www.example.com',
      ),
    ),
  ),
})

const affiliate = object('who sends players and is paid', {
  id: id('name of the affiliate', 'slot-scout'),
  name: text('name for people', '^[^\\u0000-\\u001f\\u007f]{1,200}$', '1 to 200 characters without control characters', 200, 'Slot Scout'),
})

const offer = object('what is promoted', {
  id: id('name of the offer', 'lucky-welcome'),
  brand_id: id('brand that the offer belongs to', 'lucky-harbor'),
  landing_url: text('where a click lands', '^https://[^\\s\\u0000-\\u001f\\u007f\\\\]+$', 'an https:// address', 2000, 'https://www.example.com/welcome'),
  click_param: parameterName('query parameter that carries the click id to the landing page', 'click_id'),
  attribution_window_days: {
    kind: 'number',
    says: 'days between click and registration',
    integer: false,
    min: 0,
    max: yearDays * 10,
    example: 30,
  } satisfies NumberSpec,
})

const link = object('one affiliate promoting one offer', {
  id: id('name in the address /c/{id}', 'scout-top'),
  number: integer('number inside the click ids; never used again for another link', 1, 4_194_303, 1),
  affiliate_id: id('who owns the link', 'slot-scout'),
  offer_id: id('what it promotes', 'lucky-welcome'),
})

const promoCode = object('a code that names its owner at registration', {
  code: text(
    'the code; compared exactly',
    `^[^\\u0000-\\u001f\\u007f]{1,${maxPromoCodeLength}}$`,
    `1 to ${maxPromoCodeLength} characters without control characters`,
    maxPromoCodeLength,
    'SCOUT100',
  ),
  affiliate_id: id('who owns the code', 'slot-scout'),
  offer_id: id('the offer it belongs to', 'lucky-welcome'),
  exclusive: yesOrNo('true: beats a click; false: counts only without one'),
  valid_from: instant,
  valid_to: optional(instant),
})

const component = {
  kind: 'variants',
  says: 'one way of earning',
  tag: 'type',
  variants: {
    cpa: object('once per player, on the first deposit that qualifies', {
      id: id('name of the component', 'cpa'),
      type: choice('kind of component', ['cpa']),
      min_deposit: amount('smallest deposit that qualifies', '20.00'),
      amount: amount('paid once', '120.00'),
      currency,
    }),
    revshare: object('a share of net revenue', {
      id: id('name of the component', 'revshare'),
      type: choice('kind of component', ['revshare']),
      percent: { kind: 'decimal', says: 'share in percent', maxDecimals: 6, example: '30' } satisfies DecimalSpec,
      currency,
    }),
    per_lot: object('an amount for each lot traded', {
      id: id('name of the component', 'lots'),
      type: choice('kind of component', ['per_lot']),
      amount: amount('paid for one lot', '7.00'),
      currency,
    }),
  },
} as const satisfies VariantsSpec

const deal = object('terms of one affiliate for one offer, from an instant on', {
  id: id('name of the deal; one per affiliate and offer', 'scout-cpa'),
  version,
  affiliate_id: id('who earns', 'slot-scout'),
  offer_id: id('on which offer', 'lucky-welcome'),
  valid_from: instant,
  components: list('ways of earning; several make a hybrid', component, 1),
})

const integration = object('a system that sends clicks or events', {
  id: id('name in the address /v1/postbacks/{id}', 'lucky-platform'),
  brand_id: id('the only brand it may write to', 'lucky-harbor'),
  subject: choice('what its events are about', ['player', 'click']),
  secret_env: {
    ...text(
      'environment variable that holds its secret',
      '^[A-Za-z_][A-Za-z0-9_]{0,127}$',
      'the name of an environment variable',
      128,
      'LUCKY_PLATFORM_SECRET',
    ),
    concealed: true,
  } satisfies TextSpec,
  scopes: list('what it may send', choice('scope', ['clicks', 'events'])),
  attributes: optional(list('names allowed after attr.', parameterName('attribute', 'product'))),
  ignored_parameters: optional(
    list(
      'parameters that are dropped instead of refused',
      text('parameter', '^[^\\u0000-\\u001f\\u007f]{1,200}$', '1 to 200 characters without control characters', 200, 'utm_source'),
    ),
  ),
})

const ruleHead = <const Id extends string>(ruleId: Id) => ({
  id: choice('name of the rule', [ruleId]),
  version,
  mode: choice('live: counts; shadow: only recorded; off: not computed', ruleModes),
})
const classLimits = Object.fromEntries(ipClasses.map((name) => [name, optional(count)])) as Record<(typeof ipClasses)[number], NumberSpec & { optional: true }>

const fraudRule = {
  kind: 'variants',
  says: 'a fraud rule',
  tag: 'id',
  variants: {
    'ip-velocity': object('more clicks from one IP than its class allows', {
      ...ruleHead('ip-velocity'),
      params: optional(
        object('parameters', { window_ms: optional(windowMs(3_600_000)), max_clicks: optional(object('clicks allowed by class of the IP', classLimits)) }),
      ),
    }),
    'fast-conversion': object('registered sooner after the click than a person can', {
      ...ruleHead('fast-conversion'),
      params: optional(object('parameters', { min_ms: optional(integer('least time a person needs, in milliseconds', 0, maxWindowMs, 3000)) })),
    }),
    'duplicate-external-id': object('one external id used for two players', {
      ...ruleHead('duplicate-external-id'),
      params: optional(object('parameters', { window_ms: optional(windowMs(7_776_000_000)) })),
    }),
    'invalid-click': object('a registration claims a click id that is forged, altered, unknown or expired', {
      ...ruleHead('invalid-click'),
      params: optional(object('no parameters', {})),
    }),
  },
} as const satisfies VariantsSpec

export const lists = {
  brands: brand,
  affiliates: affiliate,
  offers: offer,
  links: link,
  'promo-codes': promoCode,
  deals: deal,
  integrations: integration,
  'fraud-rules': fraudRule,
} as const

export type ListName = keyof typeof lists
export const listNames = Object.keys(lists) as ListName[]
export type RowOf<Name extends ListName> = ValueOf<(typeof lists)[Name]>

/** A rule that no file mentions keeps its defaults and is live; any other list must be there, were it only `[]`. */
export const mayBeAbsent: readonly ListName[] = ['fraud-rules']
