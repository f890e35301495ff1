import ipaddr from 'ipaddr.js'

/** Ranges of addresses and the autonomous system that announces them, in flat arrays. */
export type AsnTable = { v4: V4Ranges; v6: V6Ranges; nameOf(asn: number): string }
type V4Ranges = { starts: Uint32Array; ends: Uint32Array; asns: Uint32Array }
/** IPv6 by the upper 64 bits: nothing smaller than a /64 is announced. */
type V6Ranges = { starts: BigUint64Array; ends: BigUint64Array; asns: Uint32Array }

/** @param v4Csv,v6Csv lines `first,last,asn,name` with decimal addresses, ascending */
export function asnTableFromCsv(v4Csv: string, v6Csv: string): AsnTable {
  const names = new Map<number, string>()
  return { v4: v4Ranges(v4Csv, names), v6: v6Ranges(v6Csv, names), nameOf: (asn) => names.get(asn) ?? '' }
}

/** The autonomous system of an address in canonical form, or null. */
export function asnOf(table: AsnTable, ip: string): number | null {
  const address = ipaddr.process(ip)
  if (address instanceof ipaddr.IPv4) {
    const [a = 0, b = 0, c = 0, d = 0] = address.octets
    return lookUp(table.v4, ((a << 24) | (b << 16) | (c << 8) | d) >>> 0)
  }
  const high = address.parts.slice(0, 4).reduce((value, part) => (value << 16n) | BigInt(part), 0n)
  return lookUp(table.v6, high)
}

function lookUp<T extends number | bigint>(ranges: { starts: ArrayLike<T>; ends: ArrayLike<T>; asns: Uint32Array }, value: T): number | null {
  let low = 0
  let high = ranges.starts.length - 1
  while (low <= high) {
    const middle = (low + high) >>> 1
    if (ranges.starts[middle]! > value) high = middle - 1
    else if (ranges.ends[middle]! < value) low = middle + 1
    else return ranges.asns[middle] ?? null
  }
  return null
}

function v4Ranges(csv: string, names: Map<number, string>): V4Ranges {
  const count = lineCount(csv)
  const ranges = { starts: new Uint32Array(count), ends: new Uint32Array(count), asns: new Uint32Array(count) }
  let at = 0
  eachLine(csv, (first, last, asn, nameOf) => {
    ranges.starts[at] = Number(first)
    ranges.ends[at] = Number(last)
    ranges.asns[at] = asn
    if (!names.has(asn)) names.set(asn, nameOf())
    at += 1
  })
  return ranges
}

function v6Ranges(csv: string, names: Map<number, string>): V6Ranges {
  const count = lineCount(csv)
  const ranges = { starts: new BigUint64Array(count), ends: new BigUint64Array(count), asns: new Uint32Array(count) }
  let at = 0
  eachLine(csv, (first, last, asn, nameOf) => {
    ranges.starts[at] = BigInt(first) >> 64n
    ranges.ends[at] = BigInt(last) >> 64n
    ranges.asns[at] = asn
    if (!names.has(asn)) names.set(asn, nameOf())
    at += 1
  })
  return ranges
}

function lineCount(text: string): number {
  let count = 0
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) count += 1
  return text.endsWith('\n') || text === '' ? count : count + 1
}

function eachLine(text: string, visit: (first: string, last: string, asn: number, nameOf: () => string) => void): void {
  for (let start = 0; start < text.length; ) {
    let end = text.indexOf('\n', start)
    if (end < 0) end = text.length
    const a = text.indexOf(',', start)
    const b = text.indexOf(',', a + 1)
    const c = text.indexOf(',', b + 1)
    const nameStart = c < 0 || c > end ? end : c + 1
    const lineEnd = end
    const asnEnd = c < 0 || c > end ? end : c
    visit(text.slice(start, a), text.slice(a + 1, b), Number(text.slice(b + 1, asnEnd)), () => unquoted(text.slice(nameStart, lineEnd)))
    start = end + 1
  }
}

function unquoted(text: string): string {
  const name = text.trim()
  return name.startsWith('"') && name.endsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}
