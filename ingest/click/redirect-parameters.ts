import { firstChars } from '../parse/text-rules.ts'

export const KEPT_PARAMETERS_MAX = 30
export const KEPT_CHARS_MAX = 500

export type RedirectParameters = { url: string | null; affiliateClickId: string | null; subIds: Record<string, string> }

const NUMBERED = new Set(Array.from({ length: 10 }, (_, index) => `sub${index + 1}`))

/** What a click link carried. Of a name given twice the first counts; sub1 to sub10 are kept before all others. */
export function redirectParameters(pairs: readonly [string, string][]): RedirectParameters {
  const first = new Map<string, string>()
  for (const [name, value] of pairs) if (!first.has(name)) first.set(name, value)
  const url = first.get('url') ?? null
  const affiliateClickId = first.get('affiliate_click_id')
  first.delete('url')
  first.delete('affiliate_click_id')
  const names = [...first.keys()].filter((name) => name !== '' && name.length <= KEPT_CHARS_MAX)
  const kept = [...names.filter((name) => NUMBERED.has(name)), ...names.filter((name) => !NUMBERED.has(name))].slice(0, KEPT_PARAMETERS_MAX)
  return {
    url,
    affiliateClickId: affiliateClickId === undefined || affiliateClickId === '' ? null : firstChars(affiliateClickId, KEPT_CHARS_MAX),
    subIds: Object.fromEntries(kept.map((name) => [name, firstChars(first.get(name) ?? '', KEPT_CHARS_MAX)])),
  }
}
