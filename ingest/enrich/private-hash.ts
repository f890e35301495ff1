import { createHmac, type KeyObject } from 'node:crypto'
import ipaddr from 'ipaddr.js'

const HASH_HEX = 16

/** What is kept of an address: a keyed hash of all of it, and the network it is in. */
export type AddressTraces = { ipHash: string; ipPrefix: string }

/** @param ip any form of a valid address; an IPv4 address inside IPv6 is the IPv4 address */
export function addressTraces(key: KeyObject, ip: string): AddressTraces {
  const address = ipaddr.process(ip)
  return { ipHash: keyedHash(key, 'ip', [address.toNormalizedString()]), ipPrefix: prefixOf(address) }
}

/** A hash of what a browser says about itself; the same device under another key is another hash. */
export function deviceHash(key: KeyObject, traits: readonly string[]): string {
  return keyedHash(key, 'device', traits)
}

function keyedHash(key: KeyObject, domain: string, parts: readonly string[]): string {
  const text = [domain, ...parts].map((part) => `${part.length}:${part}`).join('')
  return createHmac('sha256', key).update(text).digest('hex').slice(0, HASH_HEX)
}

function prefixOf(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  if (address instanceof ipaddr.IPv4) return `${address.octets.slice(0, 3).join('.')}.0/24`
  return `${new ipaddr.IPv6([...address.parts.slice(0, 3), 0, 0, 0, 0, 0]).toString()}/48`
}
