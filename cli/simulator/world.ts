import { type Catalog, type Integration, type Link, offerById } from '../../catalog/catalog.ts'
import { currencyDigits, textFromMoney } from '../../schemas/money.ts'

export type MarketLink = Link & { clickParam: string }

/** What the simulator knows of a brand: who can be clicked, who reports, and what players do there. */
export type Market = {
  brandId: string
  /** Traders trade lots; everybody else brings net revenue. */
  kind: 'casino' | 'broker'
  /** Ordered by affiliate, so that rank is stable. */
  links: MarketLink[]
  platform: Integration
  /** Reports conversions by click id only. */
  network: Integration | null
  /** May report clicks; the platform itself when nobody else may. */
  clickReporters: Integration[]
  promoCodes: { code: string; fromMs: number; toMs: number | null }[]
  currency: string
  /** Digits after the point of an amount. */
  digits: number
  /** Smallest deposit that earns a commission, or a usual one. */
  minDeposit: number
  /** A product that the platform declares as an attribute, if any. */
  attributes: string[]
}

export type World = { markets: Market[] }

const usualDeposit = { casino: 20, broker: 250 }

/** Null when no brand has links and an integration that may send events. */
export function worldFromCatalog(catalog: Catalog): World | null {
  const markets = catalog.brands.map((brand) => marketOf(catalog, brand.id)).filter((market) => market !== null)
  return markets.length === 0 ? null : { markets }
}

function marketOf(catalog: Catalog, brandId: string): Market | null {
  const integrations = catalog.integrations.filter((integration) => integration.brandId === brandId)
  const reporters = integrations.filter((integration) => integration.scopes.includes('events'))
  const platform =
    reporters.find((integration) => integration.subject === 'player' && integration.scopes.includes('clicks')) ??
    reporters.find((integration) => integration.subject === 'player')
  const links = catalog.links
    .filter((link) => link.brandId === brandId)
    .map((link) => ({ ...link, clickParam: offerById(catalog, link.offerId)?.clickParam ?? 'click_id' }))
  const clickReporters = integrations.filter((integration) => integration.scopes.includes('clicks'))
  if (platform === undefined || links.length === 0 || clickReporters.length === 0) return null
  const components = catalog.deals.filter((deal) => deal.brandId === brandId).flatMap((deal) => deal.components)
  const kind = components.some((component) => component.type === 'per_lot') ? 'broker' : 'casino'
  const currency = components[0]?.currency ?? 'EUR'
  const thresholds = components.flatMap((component) => (component.type === 'cpa' ? [Number(textFromMoney(component.minDepositUnits))] : []))
  return {
    brandId,
    kind,
    links,
    platform,
    network: reporters.find((integration) => integration.subject === 'click') ?? null,
    clickReporters,
    promoCodes: catalog.promoCodes
      .filter((promo) => promo.brandId === brandId)
      .map((promo) => ({ code: promo.code, fromMs: promo.validFromMs, toMs: promo.validToMs })),
    currency,
    digits: Math.min(2, currencyDigits(currency) ?? 2),
    minDeposit: Math.max(1, ...(thresholds.length > 0 ? thresholds : [usualDeposit[kind]])),
    attributes: platform.attributes,
  }
}
