import ipaddr from 'ipaddr.js'

type Address = ipaddr.IPv4 | ipaddr.IPv6
export type ProxyTest = (address: string) => boolean

const HOPS_MAX = 32

/** Which peers may say for whom they speak. */
export function proxyTestFrom(cidrs: readonly string[]): ProxyTest {
  const ranges = cidrs.map((cidr) => ipaddr.parseCIDR(cidr))
  return (text) => {
    const address = parsed(text)
    if (address === null) return false
    return ranges.some(([network, bits]) => isIn(address, network, bits))
  }
}

/** The address of the person: the peer, or, behind trusted proxies, the rightmost address that is not one of them. */
export function clientAddress(peer: string, forwardedFor: string | undefined, isProxy: ProxyTest): string {
  let address = canonical(peer) ?? '0.0.0.0'
  if (forwardedFor === undefined) return address
  const hops = forwardedFor.split(',').slice(-HOPS_MAX)
  for (let hop = hops.pop(); hop !== undefined && isProxy(address); hop = hops.pop()) {
    const next = canonical(hop.trim())
    // Something that is no address was not written by a proxy of ours: what stands before it proves nothing.
    if (next === null) return address
    address = next
  }
  return address
}

/** The shortest form of an address, without port, brackets and zone; null when it is none. */
export function canonical(text: string): string | null {
  const bracketed = /^\[([^\]]+)\](?::\d{1,5})?$/.exec(text)?.[1]
  const withPort = /^(\d+\.\d+\.\d+\.\d+):\d{1,5}$/.exec(text)?.[1]
  return parsed((bracketed ?? withPort ?? text).replace(/%.*$/, ''))?.toString() ?? null
}

function parsed(text: string): Address | null {
  if (!ipaddr.IPv4.isValidFourPartDecimal(text) && !ipaddr.IPv6.isValid(text)) return null
  return ipaddr.process(text)
}

function isIn(address: Address, network: Address, bits: number): boolean {
  if (address instanceof ipaddr.IPv4) {
    if (network instanceof ipaddr.IPv4) return address.match(network, bits)
    return address.toIPv4MappedAddress().match(network, bits)
  }
  return network instanceof ipaddr.IPv6 && address.match(network, bits)
}
