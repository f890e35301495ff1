import type { IpClass } from '../../schemas/records.generated.ts'
import { classOfAsn, classOfWords } from './ip-class-data.ts'

const byAsn = new Map<number, IpClass>(Object.entries(classOfAsn).flatMap(([name, asns]) => asns.map((asn): [number, IpClass] => [asn, name as IpClass])))

/** What kind of network an address belongs to, by its autonomous system and the name of who runs it. */
export function ipClassOf(asn: number | null, organisation: string): IpClass {
  if (asn === null) return 'unknown'
  const known = byAsn.get(asn)
  if (known !== undefined) return known
  const name = organisation.toLowerCase()
  return classOfWords.find(([, words]) => words.test(name))?.[0] ?? 'unknown'
}
