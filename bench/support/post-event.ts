import type { Sender } from './running-stack.ts'

/** One postback; null when nothing came back or it was not taken. */
export async function postEvent(
  ingestUrl: string,
  sender: Sender,
  fields: Record<string, string>,
): Promise<{ receiptId: string; eventId: string; answeredMs: number } | null> {
  const url = `${ingestUrl}/v1/postbacks/${sender.integrationId}?${new URLSearchParams({ token: sender.secret, ...fields })}`
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_TIMEOUT_MS) })
    const answeredMs = performance.now()
    const body = (await response.json()) as { receipt_id?: string; event_id?: string }
    return response.status === 200 ? { receiptId: body.receipt_id ?? '', eventId: body.event_id ?? '', answeredMs } : null
  } catch {
    // Counted by the caller as not answered; what it means is told in the table.
    return null
  }
}

const ANSWER_TIMEOUT_MS = 10_000
