import type { SignedClick } from '../../console/queries/click.ts'

const TIMEOUT_MS = 5_000

/** What the console reads from the signature of a click id; null when it is not ours, or nobody answers: the keys are with the console alone. */
export async function askAboutClick(consoleUrl: string | null, token: string | null, clickId: string): Promise<SignedClick | null> {
  if (consoleUrl === null) return null
  try {
    const response = await fetch(`${consoleUrl}/v1/clicks/${clickId}`, {
      headers: token === null ? {} : { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    if (!response.ok) return null
    const answer = (await response.json()) as {
      valid: boolean
      clicked_at: string
      link_id: string | null
      affiliate_id: string | null
      offer_id: string | null
    }
    if (!answer.valid) return null
    return { clickedAtMs: Date.parse(answer.clicked_at), linkId: answer.link_id, affiliateId: answer.affiliate_id, offerId: answer.offer_id }
  } catch (error) {
    // A console that is away costs the line about an unstored click, not the trace.
    if (error instanceof TypeError || (error instanceof DOMException && error.name === 'TimeoutError')) return null
    throw error
  }
}
