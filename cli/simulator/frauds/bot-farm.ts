import { depositAmount, newRegistration, registrationDelayMs, report } from '../journey.ts'
import { dataCentreAddress } from '../networks.ts'
import { type Fraud, newPlayer } from '../stage.ts'
import { machineUserAgent } from '../user-agents.ts'

/** Rented machines take turns at a link; now and then one of them registers and deposits a little. */
export const botFarm: Fraud = ({ stage, random, startMs, market, link, label }) => {
  const machines = Array.from({ length: random.integer(4, 7) }, () => ({ ip: dataCentreAddress(random), userAgent: machineUserAgent(random) }))
  const rounds = random.integer(9, 14)
  for (let round = 0; round < rounds; round++) {
    for (const machine of machines) {
      const atMs = startMs + round * 110_000 + random.next() * 90_000
      const journey = stage.ids.number()
      const ref = stage.click({ market, link, ...machine, atMs, journey, label })
      if (!random.chance(0.08)) continue
      const player = newPlayer(stage, market, journey, { label })
      const registeredMs = atMs + registrationDelayMs(random)
      newRegistration(player, random, stage.schedule, stage.ids, { atMs: registeredMs, claim: { ref, change: 'none' } })
      const fields = { external_event_id: stage.ids.next('dep'), amount: depositAmount(market, random), currency: market.currency }
      report(player, random, stage.schedule, { event: 'deposit', atMs: registeredMs + random.logNormal(600_000, 0.4), fields })
    }
  }
}
