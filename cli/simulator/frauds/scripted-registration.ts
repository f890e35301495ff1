import { moneyText, newRegistration, report } from '../journey.ts'
import { homeAddress } from '../networks.ts'
import { type Fraud, newPlayer } from '../stage.ts'
import { personUserAgent } from '../user-agents.ts'

/** A script opens the link and fills the form at once, each time through another home's address, then deposits the minimum. */
export const scriptedRegistration: Fraud = ({ stage, random, startMs, market, link, label }) => {
  let atMs = startMs
  for (let n = random.integer(5, 9); n > 0; n--) {
    atMs += 60_000 + random.exponential(180_000)
    const journey = stage.ids.number()
    const ref = stage.click({ market, link, atMs, ip: homeAddress(random), userAgent: personUserAgent(random), journey, label: null })
    const player = newPlayer(stage, market, journey)
    const registeredMs = Math.round(atMs) + random.integer(350, 1900)
    newRegistration(player, random, stage.schedule, stage.ids, { atMs: registeredMs, claim: { ref, change: 'none' }, label })
    const fields = { external_event_id: stage.ids.next('dep'), amount: moneyText(market.minDeposit, market), currency: market.currency }
    report(player, random, stage.schedule, { event: 'deposit', atMs: registeredMs + random.logNormal(900_000, 0.4), fields, label })
  }
}
