/** The catalog in memory: who promotes what, for which terms, and who may send events. Pure data and pure look-ups. */

export type Brand = { id: string; deepLinkHosts: string[] }
export type Affiliate = { id: string; name: string }
export type Offer = { id: string; brandId: string; landingUrl: string; clickParam: string; attributionWindowMs: number }
export type Link = { id: string; number: number; affiliateId: string; offerId: string; brandId: string }
export type PromoCode = {
  code: string
  affiliateId: string
  offerId: string
  brandId: string
  exclusive: boolean
  validFromMs: number
  /** The first instant at which the code no longer counts; null = open. */
  validToMs: number | null
}

/** Amounts are in units of 10^-8 of the currency; percents in units of 10^-8 of one percent ("25" = 2500000000n). */
export type DealComponent =
  | { id: string; type: 'cpa'; minDepositUnits: bigint; amountUnits: bigint; currency: string }
  | { id: string; type: 'revshare'; percentUnits: bigint; currency: string }
  | { id: string; type: 'per_lot'; amountUnits: bigint; currency: string }

export type DealVersion = {
  id: string
  version: number
  affiliateId: string
  offerId: string
  brandId: string
  validFromMs: number
  components: DealComponent[]
}

export type Scope = 'clicks' | 'events'
export type Integration = {
  id: string
  brandId: string
  subject: 'player' | 'click'
  /** Name of the environment variable that holds the secret; the value never enters the catalog. */
  secretEnv: string
  scopes: Scope[]
  attributes: string[]
  ignoredParameters: string[]
}

export const ipClasses = ['residential', 'mobile', 'business', 'education', 'hosting', 'unknown'] as const
export type IpClass = (typeof ipClasses)[number]
export const ruleModes = ['live', 'shadow', 'off'] as const
export type RuleMode = (typeof ruleModes)[number]

type Rule<Id extends string, Params> = { id: Id; version: number; mode: RuleMode; params: Params }
export type FraudRule =
  | Rule<'ip-velocity', { windowMs: number; maxClicks: Record<IpClass, number> }>
  | Rule<'fast-conversion', { minMs: number }>
  | Rule<'duplicate-external-id', { windowMs: number }>
  | Rule<'invalid-click', Record<string, never>>
export type FraudRuleId = FraudRule['id']

/** Everything a version of the catalog says. Every list is sorted by id (number, code, version), so equal content is equal text. */
export type CatalogContent = {
  brands: Brand[]
  affiliates: Affiliate[]
  offers: Offer[]
  links: Link[]
  promoCodes: PromoCode[]
  deals: DealVersion[]
  integrations: Integration[]
  /** All rules, the defaults included. */
  fraudRules: FraudRule[]
}

type CatalogIndex = {
  brands: Map<string, Brand>
  affiliates: Map<string, Affiliate>
  offers: Map<string, Offer>
  links: Map<string, Link>
  linksByNumber: Map<number, Link>
  lowestLinks: Map<string, Link>
  promoCodes: Map<string, PromoCode[]>
  deals: Map<string, DealVersion[]>
  integrations: Map<string, Integration>
  fraudRules: Map<string, FraudRule>
}

export type Catalog = CatalogContent & { readonly version: string; readonly index: CatalogIndex }

/** Ids hold no space, so a space separates the parts of a composed key without doubt. */
const pairKey = (left: string, right: string): string => `${left} ${right}`

/** Puts content under its version and builds the maps that the look-ups use. */
export function createCatalog(version: string, content: CatalogContent): Catalog {
  const lowestLinks = new Map<string, Link>()
  for (const link of content.links) {
    const key = pairKey(link.affiliateId, link.offerId)
    const known = lowestLinks.get(key)
    if (known === undefined || link.number < known.number) lowestLinks.set(key, link)
  }
  const index: CatalogIndex = {
    brands: mapById(content.brands),
    affiliates: mapById(content.affiliates),
    offers: mapById(content.offers),
    links: mapById(content.links),
    linksByNumber: new Map(content.links.map((link) => [link.number, link])),
    lowestLinks,
    promoCodes: groupBy(content.promoCodes, (promo) => pairKey(promo.brandId, promo.code)),
    deals: groupBy(content.deals, (deal) => pairKey(deal.affiliateId, deal.offerId)),
    integrations: mapById(content.integrations),
    fraudRules: mapById(content.fraudRules),
  }
  for (const versions of index.deals.values()) versions.sort((a, b) => a.validFromMs - b.validFromMs)
  return { ...content, version, index }
}

/** The hash of the content: equal for equal content, whatever the files look like and whatever the secrets are. */
export const catalogVersion = (catalog: Catalog): string => catalog.version

export const brandById = (catalog: Catalog, id: string): Brand | null => catalog.index.brands.get(id) ?? null
export const affiliateById = (catalog: Catalog, id: string): Affiliate | null => catalog.index.affiliates.get(id) ?? null
export const offerById = (catalog: Catalog, id: string): Offer | null => catalog.index.offers.get(id) ?? null
export const linkById = (catalog: Catalog, id: string): Link | null => catalog.index.links.get(id) ?? null
export const linkByNumber = (catalog: Catalog, number: number): Link | null => catalog.index.linksByNumber.get(number) ?? null
export const integrationById = (catalog: Catalog, id: string): Integration | null => catalog.index.integrations.get(id) ?? null

/** The owner of a promo code of this brand at this instant. Codes compare exactly; null = unknown, of another brand, or not valid then. */
export function promoByCode(catalog: Catalog, code: string, brandId: string, atMs: number): PromoCode | null {
  const candidates = catalog.index.promoCodes.get(pairKey(brandId, code)) ?? []
  return candidates.find((promo) => promo.validFromMs <= atMs && (promo.validToMs === null || atMs < promo.validToMs)) ?? null
}

/** The link that a click reported with a promo code belongs to: its owner's link for the offer with the lowest number. */
export const linkOfPromo = (catalog: Catalog, promo: PromoCode): Link | null => catalog.index.lowestLinks.get(pairKey(promo.affiliateId, promo.offerId)) ?? null

/** The terms in force at an instant: the version with the latest valid_from that is not after it. */
export function dealVersionAt(catalog: Catalog, affiliateId: string, offerId: string, atMs: number): DealVersion | null {
  const versions = catalog.index.deals.get(pairKey(affiliateId, offerId)) ?? []
  return versions.findLast((deal) => deal.validFromMs <= atMs) ?? null
}

/** A fraud rule with its parameters; a rule that no file mentions has its defaults and is live. */
export function ruleOf<Id extends FraudRuleId>(catalog: Catalog, id: Id): Extract<FraudRule, { id: Id }> {
  const rule = catalog.index.fraudRules.get(id)
  if (rule === undefined) throw new Error(`the catalog lacks the fraud rule ${id}, although each catalog carries all of them`)
  return rule as Extract<FraudRule, { id: Id }>
}

function mapById<T extends { id: string }>(rows: T[]): Map<string, T> {
  return new Map(rows.map((row) => [row.id, row]))
}

function groupBy<T>(rows: T[], keyOf: (row: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const row of rows) {
    const key = keyOf(row)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [row])
    else group.push(row)
  }
  return groups
}
