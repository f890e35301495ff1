import { type ClickNames, unpackOpenClick } from '../../schemas/open-click.ts'
import type { Binding, Click, ClickState } from '../../schemas/records.generated.ts'

export type FoundClick = { state: ClickState; click: Click | null }

export const NO_CLICK: FoundClick = { state: 'none', click: null }

/**
 * The click that bound: as it was stored, or, when it is not at hand, what its id and the catalog say. Enrichment only:
 * nothing that is decided depends on which of the two it is.
 * @param stored packed clicks by id
 */
export function foundClick(binding: Binding | null, catalogVersion: string, stored: ReadonlyMap<string, Buffer>): FoundClick {
  const names = binding === null ? null : clickNames(binding, catalogVersion)
  if (names === null) return NO_CLICK
  const packed = stored.get(names.click_id)
  const click = packed === undefined ? null : unpackOpenClick(names, packed)
  return click === null ? { state: 'reconstructed', click: bareClick(names, binding?.clicked_at ?? 0) } : { state: 'joined', click }
}

function clickNames(binding: Binding, catalogVersion: string): ClickNames | null {
  const { click_id, link_id, affiliate_id, offer_id, brand_id } = binding
  if (click_id === null || link_id === null || affiliate_id === null || offer_id === null) return null
  return { click_id, link_id, affiliate_id, offer_id, brand_id, catalog_version: catalogVersion }
}

function bareClick(names: ClickNames, clickedAtMs: number): Click {
  return {
    ...names,
    occurred_at: clickedAtMs,
    received_at: clickedAtMs,
    source: 'redirect',
    external_click_id: null,
    affiliate_click_id: null,
    sub_ids: {},
    ip_hash: '',
    ip_prefix: '',
    ip_class: 'unknown',
    asn: null,
    country: null,
    device_hash: '',
    browser: null,
    os: null,
    referrer_host: null,
    is_bot: false,
    is_test: false,
  }
}
