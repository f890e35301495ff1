import bowser from 'bowser'
import { isbot } from 'isbot'

export type Device = { browser: string | null; os: string | null; isBot: boolean }

const CACHE_MAX = 5_000
/** Longer ones are not written by browsers, and parsing them is work that a stranger could order. */
const PARSED_CHARS_MAX = 512

/** Names browser, system and bots by the user agent. The few strings that make up most traffic are parsed once. */
export function createDeviceReader(): (userAgent: string) => Device {
  const cache = new Map<string, Device>()
  return (userAgent) => {
    const key = userAgent.slice(0, PARSED_CHARS_MAX)
    const known = cache.get(key)
    if (known !== undefined) {
      // Used again means young again, so the oldest entry is the least recently used one.
      cache.delete(key)
      cache.set(key, known)
      return known
    }
    const device = readDevice(key)
    if (cache.size >= CACHE_MAX) cache.delete(cache.keys().next().value ?? '')
    cache.set(key, device)
    return device
  }
}

function readDevice(userAgent: string): Device {
  if (userAgent.trim() === '') return { browser: null, os: null, isBot: false }
  const parsed = bowser.parse(userAgent)
  return { browser: parsed.browser.name || null, os: parsed.os.name || null, isBot: isbot(userAgent) }
}
