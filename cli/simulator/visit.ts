import { live, newRegistration, type Player, registrationDelayMs } from './journey.ts'
import type { ClickClaim } from './message.ts'
import type { Neighbourhood } from './networks.ts'
import { createRandom, createZipf, type Random } from './random.ts'
import { newPlayer, type Stage } from './stage.ts'
import { crawlerUserAgent, personUserAgent } from './user-agents.ts'
import type { Market, MarketLink } from './world.ts'

/** Honest people: they click, some register, fewer deposit. */
export type Visitors = { visit(atMs: number): void }

const zipfExponent = 1.1
const secondClickShare = 0.1
const crawlerShare = 0.01
/** Players who come with a code and without a click: from a stream, a poster, a friend. */
const offlineCodeShare = 0.03
const lostClickShare = 0.015
const codeBesideClickShare = 0.05
const testShare = 0.004
const networkShare = 0.12
const referrers = ['https://www.google.com/', 'https://www.youtube.com/watch', 'https://t.me/', 'https://www.reddit.com/r/all', null, null]

export function createVisitors(stage: Stage, random: Random, neighbourhood: Neighbourhood, seed: number): Visitors {
  const pickers = stage.markets.map((market) => ({ market, pickLink: linkPicker(market) }))
  const weights = pickers.map(({ market }) => market.links.length)
  const weightSum = weights.reduce((sum, weight) => sum + weight, 0)
  const rates = new Map<string, { registers: number; deposits: number }>()

  /** Affiliates differ for good: a review site converts many times better than a banner. */
  function ratesOf(affiliateId: string): { registers: number; deposits: number } {
    const known = rates.get(affiliateId)
    if (known !== undefined) return known
    const own = createRandom(seed, `affiliate ${affiliateId}`)
    const made = { registers: Math.min(0.55, own.logNormal(0.16, 0.5)), deposits: Math.min(0.7, own.logNormal(0.36, 0.35)) }
    rates.set(affiliateId, made)
    return made
  }

  function pickMarket(): { market: Market; pickLink: (random: Random) => MarketLink } {
    let point = random.next() * weightSum
    for (const [index, picker] of pickers.entries()) {
      point -= weights[index] ?? 0
      if (point < 0) return picker
    }
    return random.pick(pickers)
  }

  return {
    visit(atMs) {
      const { market, pickLink } = pickMarket()
      const journey = stage.ids.number()
      if (random.chance(offlineCodeShare) && market.promoCodes.length > 0) {
        const player = newPlayer(stage, market, journey)
        join(stage, random, player, atMs, null, random.pick(market.promoCodes).code, 0.4)
        return
      }
      const link = pickLink(random)
      const person = random.chance(crawlerShare)
        ? { userAgent: crawlerUserAgent(random), converts: false }
        : { userAgent: personUserAgent(random), converts: true }
      const draft = {
        market,
        link,
        ip: neighbourhood.addressOf(random),
        userAgent: person.userAgent,
        journey,
        referrer: random.pick(referrers),
        subIds: subIdsOf(random),
      }
      let lastMs = atMs
      let ref = stage.click({ ...draft, atMs })
      if (random.chance(secondClickShare)) {
        lastMs += random.logNormal(15 * 60_000, 1.2)
        ref = stage.click({ ...draft, atMs: lastMs, link: random.chance(0.5) ? link : pickLink(random) })
      }
      const { registers, deposits } = ratesOf(link.affiliateId)
      if (!person.converts || !random.chance(registers)) return
      const byNetwork = market.network !== null && random.chance(networkShare)
      const player = newPlayer(stage, market, journey, byNetwork ? { clickRef: ref } : {})
      const claim: ClickClaim | null = random.chance(lostClickShare) ? null : { ref, change: 'none' }
      const code = random.chance(codeBesideClickShare) && market.promoCodes.length > 0 ? random.pick(market.promoCodes).code : null
      join(stage, random, player, lastMs + registrationDelayMs(random), claim, code, deposits)
    },
  }
}

function join(stage: Stage, random: Random, player: Player, atMs: number, claim: ClickClaim | null, code: string | null, deposits: number): void {
  const isTest = random.chance(testShare)
  newRegistration(player, random, stage.schedule, stage.ids, { atMs, claim, code, isTest })
  if (!isTest && random.chance(deposits)) live(player, random, stage.schedule, stage.ids, atMs)
}

/** Affiliates by rank, then any of the affiliate's links. */
function linkPicker(market: Market): (random: Random) => MarketLink {
  const byAffiliate = [...Map.groupBy(market.links, (link) => link.affiliateId).values()]
  const pickAffiliate = createZipf(byAffiliate, zipfExponent)
  return (random) => random.pick(pickAffiliate(random))
}

function subIdsOf(random: Random): Record<string, string> {
  if (random.chance(0.4)) return {}
  const subIds: Record<string, string> = { sub1: random.pick(['top-list', 'review', 'banner', 'newsletter', 'stream']) }
  if (random.chance(0.5)) subIds.sub2 = `c${random.integer(1, 40)}`
  return subIds
}
