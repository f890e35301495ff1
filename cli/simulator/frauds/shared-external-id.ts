import { moneyText, newRegistration, registrationDelayMs, report } from '../journey.ts'
import { homeAddress } from '../networks.ts'
import { type Fraud, newPlayer } from '../stage.ts'
import { personUserAgent } from '../user-agents.ts'

/** One payment is reported as the deposit of several players. */
export const sharedExternalId: Fraud = ({ stage, random, startMs, market, link, label }) => {
  const paymentId = stage.ids.next('dep')
  const amount = moneyText(market.minDeposit * random.integer(1, 4), market)
  for (let n = random.integer(2, 4); n > 0; n--) {
    const atMs = startMs + random.next() * 900_000
    const journey = stage.ids.number()
    const ref = stage.click({ market, link, atMs, ip: homeAddress(random), userAgent: personUserAgent(random), journey, label: null })
    const player = newPlayer(stage, market, journey)
    const registeredMs = atMs + registrationDelayMs(random)
    newRegistration(player, random, stage.schedule, stage.ids, { atMs: registeredMs, claim: { ref, change: 'none' } })
    report(player, random, stage.schedule, {
      event: 'deposit',
      atMs: registeredMs + random.logNormal(1_200_000, 0.4),
      fields: { external_event_id: paymentId, amount, currency: market.currency },
      label,
    })
  }
}
