import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { type CountryResponse, Reader } from 'mmdb-lib'
import type { IpClass } from '../../schemas/records.generated.ts'
import { asnOf, asnTableFromCsv } from './asn-table.ts'
import { ipClassOf } from './ip-class.ts'

export type Network = { country: string | null; asn: number | null; ipClass: IpClass }
/** What is publicly known about the network of an address. */
export type NetworkLookup = (ip: string) => Network

/** Reads the databases, which takes about a second: once, before the process listens. */
export function createNetworkLookup(): NetworkLookup {
  const resolve = createRequire(import.meta.url).resolve
  const table = asnTableFromCsv(
    readFileSync(resolve('@ip-location-db/asn/asn-ipv4-num.csv'), 'utf8'),
    readFileSync(resolve('@ip-location-db/asn/asn-ipv6-num.csv'), 'utf8'),
  )
  const countries = new Reader<CountryResponse>(readFileSync(resolve('@ip-location-db/geo-whois-asn-country-mmdb/geo-whois-asn-country.mmdb')))
  return (ip) => {
    const asn = asnOf(table, ip)
    return { country: countryOf(countries.get(ip)), asn, ipClass: ipClassOf(asn, asn === null ? '' : table.nameOf(asn)) }
  }
}

/** This database is flat, unlike the ones the reader's types were written for. */
function countryOf(found: unknown): string | null {
  const code = (found as { country_code?: unknown } | null)?.country_code
  return typeof code === 'string' && /^[A-Z]{2}$/.test(code) ? code : null
}
