import { unescape } from 'node:querystring'

const CONTROL = /\p{Cc}/u
const HTTPS = /^https:\/\/([^/?#]*)/i

/**
 * The wanted address when it may be redirected to, else null. The authority is compared as text with the allowed
 * hosts, so that user info, a port, a trailing dot, an encoded host or a backslash never reach a parser that may read
 * them in another way than a browser does.
 */
export function allowedTarget(wanted: string, allowedHosts: readonly string[]): string | null {
  if (wanted.includes('\\') || CONTROL.test(wanted)) return null
  const authority = HTTPS.exec(wanted)?.[1]?.toLowerCase()
  if (authority === undefined || !allowedHosts.some((host) => host.toLowerCase() === authority)) return null
  const parsed = URL.parse(wanted)
  if (parsed === null || parsed.protocol !== 'https:' || parsed.host !== authority) return null
  if (parsed.username !== '' || parsed.password !== '') return null
  return parsed.href
}

/** The address with `name=value` in its query: before the fragment, and in place of what it had under that name. */
export function withParameter(address: string, name: string, value: string): string {
  const [beforeFragment = '', ...fragments] = address.split('#')
  const [path = '', ...queries] = beforeFragment.split('?')
  const kept = queries
    .join('?')
    .split('&')
    .filter((part) => part !== '' && nameOf(part) !== name)
  const query = [...kept, `${encodeURIComponent(name)}=${encodeURIComponent(value)}`].join('&')
  const fragment = fragments.length === 0 ? '' : `#${fragments.join('#')}`
  return `${path}?${query}${fragment}`
}

/** Landing pages come from the catalog as people write them; a header takes ASCII only. */
export function asciiAddress(address: string): string {
  return /^[\x21-\x7e]*$/.test(address) ? address : (URL.parse(address)?.href ?? address)
}

function nameOf(part: string): string {
  const at = part.indexOf('=')
  return unescape((at < 0 ? part : part.slice(0, at)).replaceAll('+', ' '))
}
