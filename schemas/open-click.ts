import { unverifiedPartsOfClickId } from './click-id.ts'
import type { Click, IpClass } from './records.generated.ts'

/*
 * An open click is what the joins need of a stored click, packed so that millions fit into memory. It is found by
 * the minute of its id and, inside that minute, by the last 8 bytes of its id (the signature, which is as good as
 * random and the same for nobody else). The value has 32 bytes, big-endian:
 *
 *   0  ip_hash 8      8  device_hash 8     16  asn 4, all ones when unknown     20  country 2, zeros when unknown
 *  22  flags 1: ip_class 4 bits | unused | source api | is_bot | is_test        23  layout 1
 *  24  received_at - occurred_at 6, signed                                      30  zeros 2
 *
 * Not kept: external_click_id, affiliate_click_id, sub_ids, ip_prefix, browser, os, referrer_host, catalog_version.
 * occurred_at is the time in the id; link, offer, affiliate and brand follow from the id and the catalog.
 */
/** Names the buckets in which every reader finds them. */
export const OPEN_CLICK_FAMILY = 'open-clicks'
export const OPEN_CLICK_BUCKET_MS = 60_000
export const OPEN_CLICK_FIELD_BYTES = 8
export const OPEN_CLICK_VALUE_BYTES = 32

const LAYOUT = 1
const ASN_UNKNOWN = 0xffffffff
const RECEIVED_BYTES = 6
const RECEIVED_OFFSET_MAX = 2 ** 47 - 1
const IP_CLASSES: readonly IpClass[] = ['residential', 'mobile', 'business', 'education', 'hosting', 'unknown']
const IS_TEST = 1
const IS_BOT = 2
const IS_API = 4
const HASH = /^[0-9a-f]{16}$/
const COUNTRY = /^[A-Z]{2}$/

export type OpenClickPlace = { bucketMs: number; field: Buffer }
export type PackedClick = OpenClickPlace & { value: Buffer }

/** What the click id and the catalog say about a click. */
export type ClickNames = Pick<Click, 'click_id' | 'link_id' | 'affiliate_id' | 'offer_id' | 'brand_id' | 'catalog_version'>

/** Where the click of an id is kept; null when it is no click id. */
export function openClickPlace(clickId: string): OpenClickPlace | null {
  const parts = unverifiedPartsOfClickId(clickId)
  return parts === null ? null : placeOf(parts)
}

function placeOf({ atMs, mac }: { atMs: number; mac: Buffer }): OpenClickPlace {
  return { bucketMs: atMs - (atMs % OPEN_CLICK_BUCKET_MS), field: mac }
}

/** Packs a click; null when it does not fit the layout, and then it is as if it had not been stored. */
export function packOpenClick(click: Click): PackedClick | null {
  const parts = unverifiedPartsOfClickId(click.click_id)
  if (parts === null || parts.atMs !== click.occurred_at || !isPackable(click)) return null
  const value = Buffer.alloc(OPEN_CLICK_VALUE_BYTES)
  value.write(click.ip_hash, 0, 'hex')
  value.write(click.device_hash, 8, 'hex')
  value.writeUInt32BE(click.asn ?? ASN_UNKNOWN, 16)
  if (click.country !== null) value.write(click.country, 20, 'latin1')
  value[22] = flagsOf(click)
  value[23] = LAYOUT
  value.writeIntBE(click.received_at - click.occurred_at, 24, RECEIVED_BYTES)
  return { ...placeOf(parts), value }
}

/** Rebuilds a click from its packed value; null when the value has another layout. What is not kept is null or empty. */
export function unpackOpenClick(names: ClickNames, value: Buffer): Click | null {
  const parts = unverifiedPartsOfClickId(names.click_id)
  if (parts === null || value.length !== OPEN_CLICK_VALUE_BYTES || value[23] !== LAYOUT) return null
  const flags = value[22]!
  const ipClass = IP_CLASSES[flags >>> 4]
  if (ipClass === undefined) return null
  const asn = value.readUInt32BE(16)
  const country = value.toString('latin1', 20, 22)
  return {
    click_id: names.click_id,
    link_id: names.link_id,
    affiliate_id: names.affiliate_id,
    offer_id: names.offer_id,
    brand_id: names.brand_id,
    occurred_at: parts.atMs,
    received_at: parts.atMs + value.readIntBE(24, RECEIVED_BYTES),
    source: (flags & IS_API) === 0 ? 'redirect' : 'api',
    external_click_id: null,
    affiliate_click_id: null,
    sub_ids: {},
    ip_hash: value.toString('hex', 0, 8),
    ip_prefix: '',
    ip_class: ipClass,
    asn: asn === ASN_UNKNOWN ? null : asn,
    country: country === '\0\0' ? null : country,
    device_hash: value.toString('hex', 8, 16),
    browser: null,
    os: null,
    referrer_host: null,
    is_bot: (flags & IS_BOT) !== 0,
    is_test: (flags & IS_TEST) !== 0,
    catalog_version: names.catalog_version,
  }
}

function isPackable(click: Click): boolean {
  return (
    HASH.test(click.ip_hash) &&
    HASH.test(click.device_hash) &&
    (click.asn === null || click.asn >= 0) &&
    (click.country === null || COUNTRY.test(click.country)) &&
    Math.abs(click.received_at - click.occurred_at) <= RECEIVED_OFFSET_MAX
  )
}

function flagsOf({ ip_class, source, is_bot, is_test }: Click): number {
  return (IP_CLASSES.indexOf(ip_class) << 4) | (source === 'api' ? IS_API : 0) | (is_bot ? IS_BOT : 0) | (is_test ? IS_TEST : 0)
}
