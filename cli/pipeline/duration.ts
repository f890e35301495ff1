const UNITS_MS: Record<string, number> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }
const DURATION_MS_MAX = 24 * 3_600_000

export const DURATION_FORM = 'a whole number and ms, s, m or h, such as 60s, up to 24h'

/** "60s", "500ms", "5m"; a bare number means seconds. Null when it reads otherwise or passes a day. */
export function durationMsFromText(text: string): number | null {
  const match = /^(0|[1-9][0-9]{0,8})(ms|s|m|h)?$/.exec(text)
  if (match === null) return null
  const durationMs = Number(match[1]) * (UNITS_MS[match[2] ?? 's'] ?? 0)
  return durationMs <= DURATION_MS_MAX ? durationMs : null
}
