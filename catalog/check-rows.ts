import { currencyDigits, UNITS_PER_ONE } from '../schemas/money.ts'
import { type CatalogRows, unitsFromText } from './content-from-rows.ts'
import { msFromInstant } from './field-spec.ts'
import type { ListName, RowOf } from './lists.ts'
import type { Path } from './read-value.ts'

/** What one row alone cannot tell: duplicates, references, overlaps. Rows that could not be read are undefined and passed over. */

export type RowFinding = { list: ListName; path: Path; got: string; wants: string; fix: string }

type Report = (list: ListName, path: Path, got: string, wants: string, fix: string) => void

/** `broken` names the lists with unreadable rows: a reference into them is not called missing, since its row may be one of these. */
export function checkRows(rows: CatalogRows, broken: ReadonlySet<ListName>): RowFinding[] {
  const findings: RowFinding[] = []
  const report: Report = (list, path, got, wants, fix) => findings.push({ list, path, got, wants, fix })
  for (const list of ['brands', 'affiliates', 'offers', 'links', 'integrations', 'fraud-rules'] as const) {
    checkUnique(list, rows[list], (row: { id: string }) => row.id, 'id', report)
  }
  checkUnique('links', rows.links, (row) => String(row.number), 'number', report)
  checkReferences(rows, broken, report)
  checkOffers(rows.offers, report)
  checkPromoCodes(rows, report)
  checkDeals(rows.deals, report)
  return findings
}

function checkUnique<Row>(list: ListName, rows: Row[], keyOf: (row: Row) => string, field: string, report: Report): void {
  const first = new Map<string, number>()
  each(rows, (row, index) => {
    const key = keyOf(row)
    const known = first.get(key)
    if (known === undefined) first.set(key, index)
    else
      report(
        list,
        [index, field],
        `${field} ${key} again`,
        `a ${field} of its own; row ${known + 1} has this one`,
        `give one of the two rows another ${field}, or remove it`,
      )
  })
}

function checkReferences(rows: CatalogRows, broken: ReadonlySet<ListName>, report: Report): void {
  const known = {
    brands: idSet(rows.brands),
    affiliates: idSet(rows.affiliates),
    offers: idSet(rows.offers),
  }
  const check = <Row>(list: ListName, listRows: Row[], target: keyof typeof known, field: string, idOf: (row: Row) => string): void => {
    if (broken.has(target)) return
    each(listRows, (row, index) => {
      const id = idOf(row)
      if (!known[target].has(id))
        report(list, [index, field], `the unknown id ${id}`, `an id from ${target}.yaml`, `correct it, or add ${id} to ${target}.yaml`)
    })
  }
  check('offers', rows.offers, 'brands', 'brand_id', (row) => row.brand_id)
  check('integrations', rows.integrations, 'brands', 'brand_id', (row) => row.brand_id)
  for (const list of ['links', 'promo-codes', 'deals'] as const) {
    check<{ affiliate_id: string }>(list, rows[list], 'affiliates', 'affiliate_id', (row) => row.affiliate_id)
    check<{ offer_id: string }>(list, rows[list], 'offers', 'offer_id', (row) => row.offer_id)
  }
}

function checkOffers(offers: RowOf<'offers'>[], report: Report): void {
  each(offers, (offer, index) => {
    const url = URL.canParse(offer.landing_url) ? new URL(offer.landing_url) : null
    if (url === null || url.username !== '' || url.password !== '') {
      report(
        'offers',
        [index, 'landing_url'],
        JSON.stringify(offer.landing_url),
        'an https:// address without user name',
        'write, for example, https://www.example.com/welcome',
      )
    }
  })
}

/** Two rows that own one code at one instant would leave it open who is paid. */
function checkPromoCodes(rows: CatalogRows, report: Report): void {
  const brandOfOffer = new Map<string, string>()
  each(rows.offers, (offer) => brandOfOffer.set(offer.id, offer.brand_id))
  const byCode = new Map<string, { index: number; fromMs: number; toMs: number }[]>()
  each(rows['promo-codes'], (row, index) => {
    const fromMs = msFromInstant(row.valid_from) ?? 0
    const toMs = row.valid_to === null ? Number.POSITIVE_INFINITY : (msFromInstant(row.valid_to) ?? 0)
    if (toMs <= fromMs) {
      report(
        'promo-codes',
        [index, 'valid_to'],
        String(row.valid_to),
        `an instant after valid_from (${row.valid_from}); valid_to is the first instant at which the code no longer counts`,
        'correct one of the two',
      )
      return
    }
    const key = `${brandOfOffer.get(row.offer_id) ?? ''} ${row.code}`
    byCode.set(key, [...(byCode.get(key) ?? []), { index, fromMs, toMs }])
  })
  for (const spans of byCode.values()) {
    spans.sort((a, b) => a.fromMs - b.fromMs || a.index - b.index)
    let last = spans[0]
    for (const span of spans.slice(1)) {
      if (last !== undefined && span.fromMs < last.toMs) {
        const code = rows['promo-codes'][span.index]?.code ?? ''
        report(
          'promo-codes',
          [span.index, 'code'],
          `the code ${code} while row ${last.index + 1} of the same brand has it`,
          'one owner of a code at any instant',
          'end the earlier one with valid_to, or use another code',
        )
      }
      if (last === undefined || span.toMs > last.toMs) last = span
    }
  }
}

function checkDeals(deals: RowOf<'deals'>[], report: Report): void {
  const idOfPair = new Map<string, string>()
  const pairOfId = new Map<string, string>()
  checkUnique('deals', deals, (row) => `${row.id} version ${row.version}`, 'version', report)
  const starts = new Map<string, number>()
  each(deals, (deal, index) => {
    const pair = `${deal.affiliate_id} on ${deal.offer_id}`
    const otherId = idOfPair.get(pair)
    if (otherId !== undefined && otherId !== deal.id)
      report(
        'deals',
        [index, 'id'],
        `a second deal ${deal.id} of ${pair}`,
        `one deal id for an affiliate and an offer: ${otherId}`,
        `write id: ${otherId} and a version of its own`,
      )
    else idOfPair.set(pair, deal.id)
    const otherPair = pairOfId.get(deal.id)
    if (otherPair !== undefined && otherPair !== pair)
      report(
        'deals',
        [index, 'id'],
        `the deal ${deal.id} of ${otherPair} again`,
        'a deal id that belongs to one affiliate and one offer',
        'give this deal another id',
      )
    else pairOfId.set(deal.id, pair)
    const start = `${pair} ${msFromInstant(deal.valid_from)}`
    const sameStart = starts.get(start)
    if (sameStart !== undefined)
      report(
        'deals',
        [index, 'valid_from'],
        `${deal.valid_from}, which row ${sameStart + 1} has too`,
        'another valid_from than the other versions of the deal',
        'move one of the two',
      )
    else starts.set(start, index)
    checkComponents(deal, index, report)
  })
}

function checkComponents(deal: RowOf<'deals'>, index: number, report: Report): void {
  const seen = new Set<string>()
  deal.components.forEach((component, at) => {
    const path = [index, 'components', at]
    if (seen.has(component.id))
      report('deals', [...path, 'id'], `the component ${component.id} again`, 'a component id that is unique within the deal version', 'give it another id')
    seen.add(component.id)
    const digits = currencyDigits(component.currency)
    if (digits === null) {
      report('deals', [...path, 'currency'], component.currency, 'a currency of ISO 4217', 'write, for example, EUR')
      return
    }
    const amounts: [string, string][] =
      component.type === 'cpa'
        ? [
            ['min_deposit', component.min_deposit],
            ['amount', component.amount],
          ]
        : component.type === 'per_lot'
          ? [['amount', component.amount]]
          : []
    for (const [field, text] of amounts) {
      if ((text.split('.')[1] ?? '').length > digits)
        report('deals', [...path, field], `"${text}"`, `at most ${digits} digits after the dot: ${component.currency} has no more`, 'round it')
      if (field === 'amount' && unitsFromText(text) === 0n)
        report('deals', [...path, field], `"${text}"`, 'an amount above zero', 'write the amount, or remove the component')
    }
    if (component.type === 'revshare' && unitsFromText(component.percent) > 100n * UNITS_PER_ONE)
      report('deals', [...path, 'percent'], `"${component.percent}"`, 'at most "100"', 'write the share in percent')
  })
}

function each<Row>(rows: Row[], visit: (row: Row, index: number) => void): void {
  rows.forEach((row, index) => {
    if (row !== undefined) visit(row, index)
  })
}

function idSet(rows: { id: string }[]): Set<string> {
  const ids = new Set<string>()
  each(rows, (row) => ids.add(row.id))
  return ids
}
