import { isIP } from 'node:net'
import { type Catalog, type Integration, type Link, linkById, linkOfPromo, promoByCode } from '../../catalog/catalog.ts'
import { shownName } from '../http/problem.ts'
import { flagProblem, occurredAtFrom, unknownName } from '../event/event-from-fields.ts'
import { type FieldProblem, type Fields, isFieldProblem } from '../parse/fields.ts'
import { isJsonObject, type JsonValue } from '../parse/strict-json.ts'
import { boundsProblem, idProblem, textOf } from '../parse/text-rules.ts'
import { KEPT_CHARS_MAX, KEPT_PARAMETERS_MAX } from './redirect-parameters.ts'

/** A click sent by API, checked. */
export type ValidClick = {
  externalClickId: string
  link: Link
  occurredAtMs: number
  ip: string
  userAgent: string
  referrer: string | null
  subIds: Record<string, string>
  affiliateClickId: string | null
  isTest: boolean
}

const required = ['external_click_id', 'occurred_at', 'ip', 'user_agent'] as const
const optional = ['link_id', 'promo_code', 'referrer', 'sub_ids', 'affiliate_click_id', 'is_test'] as const
const known = new Set<string>([...required, ...optional])
const USER_AGENT_CHARS_MAX = 2_000
const REFERRER_CHARS_MAX = 4_000

type Context = { catalog: Catalog; integration: Integration; nowMs: number }
type Texts = Map<string, string>

/** Checks one click. The first thing that is wrong is told, in the order: names, presence, values, link. */
export function clickFromFields(fields: Fields, context: Context): ValidClick | FieldProblem {
  const problem = namesProblem(fields, context.integration)
  if (problem !== null) return problem
  const texts = textsOf(fields)
  if (isFieldProblem(texts)) return texts
  const valuesProblem = textsProblem(texts)
  if (valuesProblem !== null) return valuesProblem
  const occurredAtMs = occurredAtFrom('occurred_at', texts.get('occurred_at')!, context.nowMs)
  if (typeof occurredAtMs !== 'number') return occurredAtMs
  const subIds = subIdsOf(fields.values.get('sub_ids'))
  if ('problem' in subIds) return subIds.problem
  const isTest = fields.values.get('is_test') ?? false
  const testProblem = flagProblem('is_test', isTest)
  if (testProblem !== null) return testProblem
  const link = linkOf(texts, context, occurredAtMs)
  if (isFieldProblem(link)) return link
  return {
    externalClickId: texts.get('external_click_id')!,
    link,
    occurredAtMs,
    ip: texts.get('ip')!,
    userAgent: texts.get('user_agent')!,
    referrer: texts.get('referrer') ?? null,
    subIds: subIds.values,
    affiliateClickId: texts.get('affiliate_click_id') ?? null,
    isTest: isTest === true || isTest === 'true',
  }
}

function namesProblem(fields: Fields, integration: Integration): FieldProblem | null {
  const [twice] = fields.repeated
  if (twice !== undefined) return { code: 'repeated_field', field: shownName(twice), detail: 'a name is given twice', fix: 'give each name once' }
  for (const name of fields.values.keys()) {
    if (!known.has(name) && !integration.ignoredParameters.includes(name)) return unknownName(name)
  }
  for (const name of required) {
    if (!fields.values.has(name)) return { code: 'missing_field', field: name, detail: `${name} is missing`, fix: `send ${name} with each click` }
  }
  const has = (name: string) => fields.values.has(name)
  if (has('link_id') && has('promo_code'))
    return { code: 'field_not_allowed', field: 'promo_code', detail: 'link_id and promo_code are both given', fix: 'send one of them' }
  if (!has('link_id') && !has('promo_code'))
    return { code: 'missing_field', field: 'link_id', detail: 'link_id and promo_code are both missing', fix: 'send one of them' }
  return null
}

function textsOf(fields: Fields): Texts | FieldProblem {
  const texts: Texts = new Map()
  for (const [name, value] of fields.values) {
    if (!known.has(name) || name === 'sub_ids' || name === 'is_test') continue
    const text = textOf(name, value)
    if (typeof text !== 'string') return text
    texts.set(name, text)
  }
  return texts
}

function textsProblem(texts: Texts): FieldProblem | null {
  for (const name of ['external_click_id', 'link_id', 'promo_code', 'affiliate_click_id']) {
    const text = texts.get(name)
    const problem = text === undefined ? null : idProblem(name, text)
    if (problem !== null) return problem
  }
  const ip = texts.get('ip')!
  if (isIP(ip) === 0 || ip.includes('%'))
    return {
      code: 'invalid_value',
      field: 'ip',
      detail: 'ip is no address',
      fix: 'send the IPv4 or IPv6 address of the person who clicked',
    }
  return (
    boundsProblem('user_agent', texts.get('user_agent')!, 0, USER_AGENT_CHARS_MAX) ??
    boundsProblem('referrer', texts.get('referrer') ?? '', 0, REFERRER_CHARS_MAX)
  )
}

function subIdsOf(value: JsonValue | undefined): { values: Record<string, string> } | { problem: FieldProblem } {
  if (value === undefined) return { values: {} }
  const wrong = (detail: string, fix: string) => ({ problem: { code: 'invalid_value', field: 'sub_ids', detail, fix } })
  if (!isJsonObject(value)) return wrong('sub_ids is no object', 'send an object of strings')
  if (value.repeated.length > 0) return wrong('a name in sub_ids is given twice', 'give each name once')
  if (value.values.size > KEPT_PARAMETERS_MAX) return wrong(`sub_ids has more than ${KEPT_PARAMETERS_MAX} names`, `send at most ${KEPT_PARAMETERS_MAX}`)
  const entries: [string, string][] = []
  for (const [name, sent] of value.values) {
    const text = textOf('sub_ids', sent)
    if (typeof text !== 'string') return { problem: text }
    const problem = boundsProblem('sub_ids', name, 1, KEPT_CHARS_MAX) ?? boundsProblem('sub_ids', text, 0, KEPT_CHARS_MAX)
    if (problem !== null) return { problem }
    if (!name.isWellFormed()) return wrong('a name in sub_ids is not valid Unicode', 'send UTF-8')
    entries.push([name, text])
  }
  return { values: Object.fromEntries(entries) }
}

function linkOf(texts: Texts, { catalog, integration }: Context, atMs: number): Link | FieldProblem {
  const linkId = texts.get('link_id')
  if (linkId !== undefined) {
    const link = linkById(catalog, linkId)
    if (link !== null && link.brandId === integration.brandId) return link
    return {
      code: 'unknown_link',
      field: 'link_id',
      detail: 'the brand of the integration has no such link',
      fix: 'send the id of a link in the catalog',
    }
  }
  const promo = promoByCode(catalog, texts.get('promo_code')!, integration.brandId, atMs)
  if (promo === null)
    return {
      code: 'unknown_promo_code',
      field: 'promo_code',
      detail: 'the brand of the integration had no such code then',
      fix: 'send a code that is valid at occurred_at',
    }
  const link = linkOfPromo(catalog, promo)
  return (
    link ?? {
      code: 'promo_code_without_link',
      field: 'promo_code',
      detail: 'the owner of the code has no link for its offer',
      fix: 'add a link to the catalog, or send link_id',
    }
  )
}
