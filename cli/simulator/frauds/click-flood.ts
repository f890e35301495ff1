import { newRegistration, registrationDelayMs } from '../journey.ts'
import { homeAddress } from '../networks.ts'
import { type Fraud, newPlayer } from '../stage.ts'
import { personUserAgent } from '../user-agents.ts'

/** One person at home clicks a link over and over, changing browsers, and registers a few accounts among the clicks. */
export const clickFlood: Fraud = ({ stage, random, startMs, market, link, label }) => {
  const ip = homeAddress(random)
  const clicks = random.integer(35, 80)
  let atMs = startMs
  for (let n = 0; n < clicks; n++) {
    atMs += 2000 + random.exponential(14_000)
    const journey = stage.ids.number()
    const ref = stage.click({ market, link, atMs, ip, userAgent: personUserAgent(random), journey, label })
    if (n % 15 !== 7) continue
    const player = newPlayer(stage, market, journey, { label })
    newRegistration(player, random, stage.schedule, stage.ids, { atMs: atMs + registrationDelayMs(random), claim: { ref, change: 'none' } })
  }
}
