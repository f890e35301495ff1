import { newRegistration, registrationDelayMs } from '../journey.ts'
import type { ClickClaim } from '../message.ts'
import { homeAddress } from '../networks.ts'
import type { Random } from '../random.ts'
import { type Fraud, newPlayer } from '../stage.ts'
import { personUserAgent } from '../user-agents.ts'

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz'

/** Registrations claim clicks that never were: a real id with one sign changed, with two signs swapped, or one made up. */
export const forgedClick: Fraud = ({ stage, random, startMs, market, link, label }) => {
  let atMs = startMs
  for (let n = random.integer(4, 8); n > 0; n--) {
    atMs += 30_000 + random.exponential(240_000)
    const journey = stage.ids.number()
    const ref = stage.click({ market, link, atMs, ip: homeAddress(random), userAgent: personUserAgent(random), journey, label: null })
    const player = newPlayer(stage, market, journey, { label })
    newRegistration(player, random, stage.schedule, stage.ids, { atMs: atMs + registrationDelayMs(random), claim: claimFrom(ref, random) })
  }
}

function claimFrom(ref: number, random: Random): ClickClaim {
  const point = random.next()
  if (point < 0.4) return { ref, change: 'altered' }
  if (point < 0.6) return { ref, change: 'swapped' }
  return { invented: Array.from({ length: 32 }, () => random.pick([...alphabet])).join('') }
}
