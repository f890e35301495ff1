import { moneyText, newRegistration, registrationDelayMs, report } from '../journey.ts'
import { carrierAddress } from '../networks.ts'
import { type Fraud, newPlayer } from '../stage.ts'
import { personUserAgent } from '../user-agents.ts'

/** A handful of people deposit what earns the commission and take the money back within hours. */
export const chargebackRing: Fraud = ({ stage, random, startMs, market, link, label }) => {
  for (let n = random.integer(4, 8); n > 0; n--) {
    const atMs = startMs + random.next() * 2_400_000
    const journey = stage.ids.number()
    const ref = stage.click({ market, link, atMs, ip: carrierAddress(random), userAgent: personUserAgent(random), journey, label: null })
    const player = newPlayer(stage, market, journey, { label })
    const registeredMs = atMs + registrationDelayMs(random)
    newRegistration(player, random, stage.schedule, stage.ids, { atMs: registeredMs, claim: { ref, change: 'none' } })
    const depositMs = registeredMs + random.logNormal(600_000, 0.4)
    const id = stage.ids.next('dep')
    const money = { amount: moneyText(market.minDeposit, market), currency: market.currency }
    report(player, random, stage.schedule, { event: 'deposit', atMs: depositMs, fields: { external_event_id: id, ...money } })
    report(player, random, stage.schedule, {
      event: 'chargeback',
      atMs: depositMs + random.logNormal(5_400_000, 0.4),
      fields: { external_event_id: stage.ids.next('cb'), refers_to: id, ...money },
    })
  }
}
