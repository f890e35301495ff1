import { createHash } from 'node:crypto'
import { textFromMoney } from '../schemas/money.ts'
import {
  type Catalog,
  type CatalogContent,
  createCatalog,
  type DealComponent,
  type DealVersion,
  type FraudRule,
  type Integration,
  type Offer,
  type PromoCode,
} from './catalog.ts'
import { contentFromRows, type CatalogRows } from './content-from-rows.ts'
import { listNames, lists } from './lists.ts'
import { type Finding, readValue } from './read-value.ts'

/** The text of a catalog on the `catalog` topic: the fields of the files in one canonical form, with all fraud rules and no secret. */
export function jsonFromCatalog(catalog: Catalog): string {
  return JSON.stringify({ catalog_version: catalog.version, ...rowsFromContent(catalog) })
}

/** Names the version of a content by its hash. */
export function catalogFromContent(content: CatalogContent): Catalog {
  const hash = createHash('sha256')
    .update(JSON.stringify(rowsFromContent(content)))
    .digest('hex')
  return createCatalog(`cv_${hash.slice(0, 32)}`, content)
}

/** Reads what `jsonFromCatalog` wrote. A text that is none is broken infrastructure, so it throws. */
export function catalogFromJson(text: string): Catalog {
  const parsed = JSON.parse(text) as Record<string, unknown>
  const findings: Finding[] = []
  const rows: Record<string, unknown> = {}
  for (const name of listNames) {
    const spec = { kind: 'list', says: name, of: lists[name], minItems: 0, maxItems: Number.MAX_SAFE_INTEGER } as const
    rows[name] = readValue(spec, parsed[name], [name], (finding) => findings.push(finding))
  }
  const first = findings[0]
  if (first !== undefined) throw new Error(`a published catalog cannot be read: ${first.path.join('.')}: got ${first.got}, wants ${first.wants}`)
  const version = parsed.catalog_version
  if (typeof version !== 'string') throw new Error('a published catalog cannot be read: it has no catalog_version')
  return createCatalog(version, contentFromRows(rows as CatalogRows))
}

function rowsFromContent(content: CatalogContent): Record<string, unknown[]> {
  return {
    brands: content.brands.map((brand) => ({ id: brand.id, deep_link_hosts: brand.deepLinkHosts })),
    affiliates: content.affiliates.map((affiliate) => ({ id: affiliate.id, name: affiliate.name })),
    offers: content.offers.map(rowFromOffer),
    links: content.links.map((link) => ({ id: link.id, number: link.number, affiliate_id: link.affiliateId, offer_id: link.offerId })),
    'promo-codes': content.promoCodes.map(rowFromPromoCode),
    deals: content.deals.map(rowFromDeal),
    integrations: content.integrations.map(rowFromIntegration),
    'fraud-rules': content.fraudRules.map(rowFromRule),
  }
}

const dayMs = 86_400_000

const rowFromOffer = (offer: Offer) => ({
  id: offer.id,
  brand_id: offer.brandId,
  landing_url: offer.landingUrl,
  click_param: offer.clickParam,
  attribution_window_days: offer.attributionWindowMs / dayMs,
})

const rowFromPromoCode = (promo: PromoCode) => ({
  code: promo.code,
  affiliate_id: promo.affiliateId,
  offer_id: promo.offerId,
  exclusive: promo.exclusive,
  valid_from: textFromMs(promo.validFromMs),
  valid_to: promo.validToMs === null ? null : textFromMs(promo.validToMs),
})

const rowFromDeal = (deal: DealVersion) => ({
  id: deal.id,
  version: deal.version,
  affiliate_id: deal.affiliateId,
  offer_id: deal.offerId,
  valid_from: textFromMs(deal.validFromMs),
  components: deal.components.map(rowFromComponent),
})

function rowFromComponent(component: DealComponent) {
  const head = { id: component.id, type: component.type }
  switch (component.type) {
    case 'cpa':
      return { ...head, min_deposit: textFromMoney(component.minDepositUnits), amount: textFromMoney(component.amountUnits), currency: component.currency }
    case 'revshare':
      return { ...head, percent: textFromMoney(component.percentUnits), currency: component.currency }
    case 'per_lot':
      return { ...head, amount: textFromMoney(component.amountUnits), currency: component.currency }
  }
}

const rowFromIntegration = (integration: Integration) => ({
  id: integration.id,
  brand_id: integration.brandId,
  subject: integration.subject,
  secret_env: integration.secretEnv,
  scopes: integration.scopes,
  attributes: integration.attributes,
  ignored_parameters: integration.ignoredParameters,
})

function rowFromRule(rule: FraudRule) {
  const head = { id: rule.id, version: rule.version, mode: rule.mode }
  switch (rule.id) {
    case 'ip-velocity':
      return { ...head, params: { window_ms: rule.params.windowMs, max_clicks: rule.params.maxClicks } }
    case 'fast-conversion':
      return { ...head, params: { min_ms: rule.params.minMs } }
    case 'duplicate-external-id':
      return { ...head, params: { window_ms: rule.params.windowMs } }
    case 'invalid-click':
      return { ...head, params: {} }
  }
}

const textFromMs = (ms: number): string => new Date(ms).toISOString()
