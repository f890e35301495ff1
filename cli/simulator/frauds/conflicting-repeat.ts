import { moneyText, newRegistration, registrationDelayMs, report } from '../journey.ts'
import { homeAddress } from '../networks.ts'
import { type Fraud, newPlayer } from '../stage.ts'
import { personUserAgent } from '../user-agents.ts'

/** A deposit is reported again under its own id with a larger amount. Only the second report is the fraud. */
export const conflictingRepeat: Fraud = ({ stage, random, startMs, market, link, label }) => {
  for (let n = random.integer(2, 5); n > 0; n--) {
    const atMs = startMs + random.next() * 1_800_000
    const journey = stage.ids.number()
    const ref = stage.click({ market, link, atMs, ip: homeAddress(random), userAgent: personUserAgent(random), journey, label: null })
    const player = newPlayer(stage, market, journey)
    const registeredMs = atMs + registrationDelayMs(random)
    newRegistration(player, random, stage.schedule, stage.ids, { atMs: registeredMs, claim: { ref, change: 'none' } })
    const depositMs = registeredMs + random.logNormal(1_200_000, 0.4)
    const id = stage.ids.next('dep')
    const deposit = (factor: number) => ({ external_event_id: id, amount: moneyText(market.minDeposit * factor, market), currency: market.currency })
    report(player, random, stage.schedule, { event: 'deposit', atMs: depositMs, fields: deposit(1), sendAtMs: depositMs + 1000 })
    // Well after the true one, which stands since it came first.
    report(player, random, stage.schedule, {
      event: 'deposit',
      atMs: depositMs,
      fields: deposit(random.integer(5, 20)),
      sendAtMs: depositMs + 1_500_000 + random.exponential(600_000),
      label,
    })
  }
}
