import { expect, test } from 'vitest'
import { createNetworkLookup } from '../../ingest/enrich/network-lookup.ts'
import { campusAddress, carrierAddress, dataCentreAddress, homeAddress, officeAddress } from './networks.ts'
import { createRandom } from './random.ts'

const lookUp = createNetworkLookup()

test.each([
  ['home', homeAddress, 'residential'],
  ['carrier', carrierAddress, 'mobile'],
  ['office', officeAddress, 'business'],
  ['campus', campusAddress, 'education'],
  ['data centre', dataCentreAddress, 'hosting'],
] as const)('an address of a %s belongs to a network of that kind', (_, addressOf, ipClass) => {
  const random = createRandom(1, 'addresses')
  const classes = Array.from({ length: 500 }, () => lookUp(addressOf(random)).ipClass)
  expect(new Set(classes)).toEqual(new Set([ipClass]))
})
