/** Names of the system in the words of somebody who talks to a partner. */

const reasonWords: Record<string, string> = {
  no_evidence: 'neither a click nor a promo code came with the registration',
  click_invalid: 'the click id is not one of ours: forged, altered or mistyped',
  click_unknown_link: 'the click belongs to a link that is unknown or of another brand',
  click_expired: "the click is older than the offer's attribution window",
  click_after_event: 'the click came after the registration',
  promo_unknown: 'the promo code is unknown, of another brand, or was not valid at the time',
  registration_missing: 'no registration of this player has arrived',
  identity_conflict: 'another event holds this place already: its content differs, or an earlier registration counts',
  reference_missing: 'the original that it refers to has not arrived',
  test: 'it is marked as a test',
  currency_without_rate: 'it counts, but the deal has no terms in this currency, so it earns nothing',
}

const dispositionWords: Record<string, string> = {
  accepted: 'received, not decided yet',
  parked: 'waiting for another event',
  applied: 'counts',
  unattributed: 'counts for no affiliate',
  conflict: 'set aside',
  filtered: 'left out',
  dead_lettered: 'could not be read',
}

const networkWords: Record<string, string> = {
  residential: 'a home network',
  mobile: 'a mobile network',
  business: 'a company network',
  education: 'a school or university network',
  hosting: 'a data centre',
  unknown: 'a network of unknown kind',
}

const eventWords: Record<string, string> = {
  registration: 'Registration',
  deposit: 'Deposit',
  withdrawal: 'Withdrawal',
  trade_closed: 'Closed trade',
  revenue_reported: 'Reported revenue',
  chargeback: 'Chargeback',
  status_change: "Operator's word",
}

const entryWords: Record<string, string> = {
  accrual: 'Earned',
  hold: 'Put on hold',
  release: 'Released from hold',
  approval: 'Approved',
  reversal: 'Taken back',
}

const decisionWords: Record<string, string> = {
  allow: 'allowed',
  review: 'to be reviewed: the money stays pending',
  hold: 'held: the money is on hold',
  reject: 'rejected: the money is taken back',
}

const wordOf = (words: Record<string, string>, name: string): string => words[name] ?? name

export const reasonInWords = (reason: string): string => wordOf(reasonWords, reason)
export const dispositionInWords = (disposition: string): string => wordOf(dispositionWords, disposition)
export const networkInWords = (ipClass: string): string => wordOf(networkWords, ipClass)
export const eventInWords = (eventType: string): string => wordOf(eventWords, eventType)
export const entryInWords = (entryType: string): string => wordOf(entryWords, entryType)
export const decisionInWords = (decision: string): string => wordOf(decisionWords, decision)

const UNITS = [
  { name: 'day', ms: 86_400_000 },
  { name: 'hour', ms: 3_600_000 },
  { name: 'minute', ms: 60_000 },
  { name: 'second', ms: 1_000 },
]

/** "2 days 3 hours", "4 minutes 10 seconds", "1.2 seconds": the two largest parts, which is what a person says. */
export function durationInWords(durationMs: number): string {
  const absolute = Math.abs(durationMs)
  if (absolute < 10_000) return plural(Math.round(absolute / 100) / 10, 'second')
  let rest = absolute
  const parts: string[] = []
  for (const { name, ms } of UNITS) {
    const count = Math.floor(rest / ms)
    rest -= count * ms
    if (count > 0) parts.push(plural(count, name))
    else if (parts.length > 0) break
    if (parts.length === 2) break
  }
  return parts.join(' ')
}

export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
