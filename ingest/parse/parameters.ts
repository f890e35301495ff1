import { unescape } from 'node:querystring'

/** `name=value` pairs in the order they came; null when the text is not valid percent-encoded UTF-8. */
export function parametersFromText(text: string): [string, string][] | null {
  return pairsOf(text, decodeStrict)
}

/** As above for a click, which is always answered: what cannot be decoded becomes the replacement character. */
export function lenientParameters(text: string): [string, string][] {
  return pairsOf(text, (part) => unescape(part).toWellFormed()) ?? []
}

/** The text after the first question mark of an address. */
export function queryOf(url: string): string {
  const at = url.indexOf('?')
  return at < 0 ? '' : url.slice(at + 1)
}

function pairsOf(text: string, decode: (part: string) => string | null): [string, string][] | null {
  const pairs: [string, string][] = []
  for (const part of text.split('&')) {
    if (part === '') continue
    const at = part.indexOf('=')
    const name = decode(spaced(at < 0 ? part : part.slice(0, at)))
    const value = decode(spaced(at < 0 ? '' : part.slice(at + 1)))
    if (name === null || value === null) return null
    pairs.push([name, value])
  }
  return pairs
}

function spaced(text: string): string {
  return text.includes('+') ? text.replaceAll('+', ' ') : text
}

function decodeStrict(text: string): string | null {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}
