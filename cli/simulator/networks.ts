import type { Random } from './random.ts'

/** Where people and machines sit on the internet: ranges of real carriers, so that the class of an address can be told from its network. */

type Range = { first: string; bits: number }
const range = (text: string): Range => {
  const [first = '', bits = ''] = text.split('/')
  return { first, bits: Number(bits) }
}

const homes = [
  '73.0.0.0/9',
  '98.192.0.0/11',
  '79.192.0.0/11',
  '86.128.0.0/11',
  '62.30.0.0/16',
  '82.0.0.0/13',
  '93.32.0.0/12',
  '88.0.0.0/12',
  '2.4.0.0/14',
  '83.8.0.0/14',
].map(range)
const carriers = ['172.32.0.0/12', '188.28.0.0/15', '102.88.0.0/14', '114.120.0.0/14', '49.36.0.0/15'].map(range)
const offices = ['19.144.0.0/13', '136.131.0.0/16', '8.0.0.0/15'].map(range)
const campuses = ['129.132.0.0/16', '131.111.0.0/16', '137.226.0.0/16', '18.9.0.0/16'].map(range)
const dataCentres = ['5.9.0.0/16', '104.248.0.0/16', '51.68.0.0/16', '167.99.0.0/16'].map(range)

export const homeAddress = (random: Random): string => addressIn(random.pick(homes), random)
export const carrierAddress = (random: Random): string => addressIn(random.pick(carriers), random)
export const officeAddress = (random: Random): string => addressIn(random.pick(offices), random)
export const campusAddress = (random: Random): string => addressIn(random.pick(campuses), random)
export const dataCentreAddress = (random: Random): string => addressIn(random.pick(dataCentres), random)

function addressIn({ first, bits }: Range, random: Random): string {
  const base = first.split('.').reduce((sum, part) => sum * 256 + Number(part), 0)
  // Never the first or the last of the range.
  const value = base + random.integer(1, 2 ** (32 - bits) - 2)
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join('.')
}

/** How people reach the internet. Shares of users, and users behind one address, follow published counts of shared addresses. */
export type Neighbourhood = { addressOf(random: Random): string }

const homeShare = 0.5
const carrierShare = 0.38
const officeShare = 0.07
const campusShare = 0.04
/** Of a home's clicks this share comes from a home that was seen before: a second person, or a second look. */
const sameHomeShare = 0.15
const rememberedHomes = 3000
/** Clicks an hour that one shared address brings on average; the number of addresses follows from it. */
const clicksPerCarrierHour = 40
const clicksPerOfficeHour = 5
const clicksPerCampusHour = 8

/** `clicksPerHour` is the traffic at its peak: more traffic means more networks, not busier ones. */
export function createNeighbourhood(random: Random, clicksPerHour: number): Neighbourhood {
  const pool = (share: number, perAddress: number, address: (random: Random) => string): string[] =>
    Array.from({ length: Math.max(4, Math.ceil((clicksPerHour * share) / perAddress)) }, () => address(random))
  const carrierPool = pool(carrierShare, clicksPerCarrierHour, carrierAddress)
  const officePool = pool(officeShare, clicksPerOfficeHour, officeAddress)
  const campusPool = pool(campusShare, clicksPerCampusHour, campusAddress)
  const seenHomes: string[] = []

  function home(visit: Random): string {
    if (seenHomes.length > 50 && visit.chance(sameHomeShare)) return visit.pick(seenHomes)
    const address = homeAddress(visit)
    if (seenHomes.length < rememberedHomes) seenHomes.push(address)
    else seenHomes[visit.integer(0, rememberedHomes - 1)] = address
    return address
  }

  return {
    addressOf(visit) {
      const point = visit.next()
      if (point < homeShare) return home(visit)
      if (point < homeShare + carrierShare) return visit.pick(carrierPool)
      if (point < homeShare + carrierShare + officeShare) return visit.pick(officePool)
      if (point < homeShare + carrierShare + officeShare + campusShare) return visit.pick(campusPool)
      // The rest sits behind a private network of some data centre.
      return dataCentreAddress(visit)
    },
  }
}
