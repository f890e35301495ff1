import type { KeyObject } from 'node:crypto'
import type { Catalog, Link } from '../../catalog/catalog.ts'
import { type ClickKeys, mintClickId, RANDOM26_COUNT, random26FromContent } from '../../schemas/click-id.ts'
import { contentHash } from '../../schemas/identity.ts'
import type { Click } from '../../schemas/records.generated.ts'
import type { NetworkLookup } from '../enrich/network-lookup.ts'
import { addressTraces, deviceHash } from '../enrich/private-hash.ts'
import type { Device } from '../enrich/user-agent.ts'
import type { ValidClick } from './click-from-fields.ts'

/** What turns the traces of a person into what may be kept of them. */
export type Enrichment = { networkOf: NetworkLookup; deviceOf: (userAgent: string) => Device; ipKey: KeyObject }

export type Visitor = { ip: string; userAgent: string; language: string; referrer: string | null }

type ClickFacts = Pick<Click, 'click_id' | 'occurred_at' | 'received_at' | 'source' | 'external_click_id' | 'affiliate_click_id' | 'sub_ids' | 'is_test'>

/** The record of a click. The address, the user agent and the path of the referrer end here. */
export function clickRecord(facts: ClickFacts, link: Link, visitor: Visitor, enrichment: Enrichment, catalog: Catalog): Click {
  const { ipHash, ipPrefix } = addressTraces(enrichment.ipKey, visitor.ip)
  const { country, asn, ipClass } = enrichment.networkOf(visitor.ip)
  const { browser, os, isBot } = enrichment.deviceOf(visitor.userAgent)
  return {
    click_id: facts.click_id,
    link_id: link.id,
    affiliate_id: link.affiliateId,
    offer_id: link.offerId,
    brand_id: link.brandId,
    occurred_at: facts.occurred_at,
    received_at: facts.received_at,
    source: facts.source,
    external_click_id: facts.external_click_id,
    affiliate_click_id: facts.affiliate_click_id,
    sub_ids: facts.sub_ids,
    ip_hash: ipHash,
    ip_prefix: ipPrefix,
    ip_class: ipClass,
    // Avro knows signed 32-bit numbers only.
    asn: asn === null ? null : asn | 0,
    country,
    device_hash: deviceHash(enrichment.ipKey, [visitor.userAgent, visitor.language]),
    browser,
    os,
    referrer_host: visitor.referrer === null ? null : hostOf(visitor.referrer),
    is_bot: isBot,
    is_test: facts.is_test,
    catalog_version: catalog.version,
  }
}

/** The id of a click sent by API: the same content has the same id, whoever asks and whenever. */
export function apiClickId(keys: ClickKeys, click: ValidClick, integrationId: string): string {
  const content = contentHash({
    link_id: click.link.id,
    occurred_at: click.occurredAtMs,
    ip: click.ip,
    user_agent: click.userAgent,
    referrer: click.referrer,
    sub_ids: click.subIds,
    affiliate_click_id: click.affiliateClickId,
    is_test: click.isTest,
  })
  return mintClickId(keys, {
    atMs: click.occurredAtMs,
    linkNumber: click.link.number,
    random26: random26FromContent(keys, integrationId, click.externalClickId, content),
  })
}

/** Numbers for the ids of redirects: no two alike within a process and a millisecond. */
export function createRandom26(start: number): () => number {
  let next = start % RANDOM26_COUNT
  return () => {
    next = (next + 1) % RANDOM26_COUNT
    return next
  }
}

/** The host of a page, without its path; null when it is no web address. */
export function hostOf(referrer: string): string | null {
  const parsed = URL.parse(referrer)
  if (parsed === null || (parsed.protocol !== 'http:' && parsed.protocol !== 'https:')) return null
  return parsed.hostname === '' ? null : parsed.hostname
}
