import { decimalFromText } from '../schemas/money.ts'
import { type CatalogContent, type DealComponent, type FraudRule, ipClasses, type IpClass } from './catalog.ts'
import { msFromInstant } from './field-spec.ts'
import type { ListName, RowOf } from './lists.ts'

export type CatalogRows = { [Name in ListName]: RowOf<Name>[] }

const dayMs = 86_400_000

/** What a rule allows when no file says otherwise. */
const defaultMaxClicks: Record<IpClass, number> = { residential: 10, mobile: 200, business: 50, education: 100, hosting: 3, unknown: 20 }
const defaultRules: RowOf<'fraud-rules'>[] = [
  { id: 'ip-velocity', version: 1, mode: 'live', params: null },
  { id: 'fast-conversion', version: 1, mode: 'live', params: null },
  { id: 'duplicate-external-id', version: 1, mode: 'live', params: null },
  { id: 'invalid-click', version: 1, mode: 'live', params: null },
]

/** Turns checked rows into the catalog: defaults filled in, amounts as bigint, instants as milliseconds, lists sorted. */
export function contentFromRows(rows: CatalogRows): CatalogContent {
  const brandOfOffer = new Map(rows.offers.map((offer) => [offer.id, offer.brand_id]))
  const brandOf = (offerId: string): string => brandOfOffer.get(offerId) ?? ''
  return {
    brands: sorted(rows.brands.map((row) => ({ id: row.id, deepLinkHosts: sortedTexts((row.deep_link_hosts ?? []).map((host) => host.toLowerCase())) }))),
    affiliates: sorted(rows.affiliates.map((row) => ({ id: row.id, name: row.name }))),
    offers: sorted(
      rows.offers.map((row) => ({
        id: row.id,
        brandId: row.brand_id,
        landingUrl: row.landing_url,
        clickParam: row.click_param,
        attributionWindowMs: Math.round(row.attribution_window_days * dayMs),
      })),
    ),
    links: rows.links
      .map((row) => ({ id: row.id, number: row.number, affiliateId: row.affiliate_id, offerId: row.offer_id, brandId: brandOf(row.offer_id) }))
      .sort((a, b) => a.number - b.number),
    promoCodes: rows['promo-codes']
      .map((row) => ({
        code: row.code,
        affiliateId: row.affiliate_id,
        offerId: row.offer_id,
        brandId: brandOf(row.offer_id),
        exclusive: row.exclusive,
        validFromMs: instantMs(row.valid_from),
        validToMs: row.valid_to === null ? null : instantMs(row.valid_to),
      }))
      .sort((a, b) => byText(a.brandId, b.brandId) || byText(a.code, b.code) || a.validFromMs - b.validFromMs),
    deals: rows.deals
      .map((row) => ({
        id: row.id,
        version: row.version,
        affiliateId: row.affiliate_id,
        offerId: row.offer_id,
        brandId: brandOf(row.offer_id),
        validFromMs: instantMs(row.valid_from),
        components: sorted(row.components.map(componentFromRow)),
      }))
      .sort((a, b) => byText(a.id, b.id) || a.version - b.version),
    integrations: sorted(
      rows.integrations.map((row) => ({
        id: row.id,
        brandId: row.brand_id,
        subject: row.subject,
        secretEnv: row.secret_env,
        scopes: [...new Set(row.scopes)].sort(byText),
        attributes: sortedTexts(row.attributes ?? []),
        ignoredParameters: sortedTexts(row.ignored_parameters ?? []),
      })),
    ),
    fraudRules: sorted(defaultRules.map((rule) => ruleFromRow(rows['fraud-rules'].find((row) => row.id === rule.id) ?? rule))),
  }
}

function componentFromRow(row: RowOf<'deals'>['components'][number]): DealComponent {
  switch (row.type) {
    case 'cpa':
      return { id: row.id, type: 'cpa', minDepositUnits: unitsFromText(row.min_deposit), amountUnits: unitsFromText(row.amount), currency: row.currency }
    case 'revshare':
      return { id: row.id, type: 'revshare', percentUnits: unitsFromText(row.percent), currency: row.currency }
    case 'per_lot':
      return { id: row.id, type: 'per_lot', amountUnits: unitsFromText(row.amount), currency: row.currency }
  }
}

function ruleFromRow(row: RowOf<'fraud-rules'>): FraudRule {
  const head = { version: row.version, mode: row.mode }
  switch (row.id) {
    case 'ip-velocity': {
      const given = row.params?.max_clicks
      const maxClicks = Object.fromEntries(ipClasses.map((name) => [name, given?.[name] ?? defaultMaxClicks[name]])) as Record<IpClass, number>
      return { id: row.id, ...head, params: { windowMs: row.params?.window_ms ?? 3_600_000, maxClicks } }
    }
    case 'fast-conversion':
      return { id: row.id, ...head, params: { minMs: row.params?.min_ms ?? 3000 } }
    case 'duplicate-external-id':
      return { id: row.id, ...head, params: { windowMs: row.params?.window_ms ?? 7_776_000_000 } }
    case 'invalid-click':
      return { id: row.id, ...head, params: {} }
  }
}

/** "12.5" -> 1250000000n; the reader has checked the form, and that there is no minus. */
export function unitsFromText(text: string): bigint {
  const units = decimalFromText(text, 8, 'signed')
  if (typeof units !== 'bigint') throw new Error(`a decimal of the catalog was not checked: ${text} is ${units}`)
  return units
}

function instantMs(text: string): number {
  const ms = msFromInstant(text)
  if (ms === null) throw new Error(`an instant of the catalog was not checked: ${text}`)
  return ms
}

/** Compares by code unit, so that the order does not depend on the machine's language. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const sorted = <T extends { id: string }>(rows: T[]): T[] => rows.sort((a, b) => byText(a.id, b.id))
const sortedTexts = (texts: string[]): string[] => [...new Set(texts)].sort(byText)
