/** One request with patience: an edge that is away or busy is asked again, as it says, but not for ever. */

export type Request = { method: 'GET' | 'POST'; url: string; headers: Record<string, string>; body?: string; attemptsMax: number }
export type Answer = { status: number; location: string | null; body: unknown }

const longestPauseMs = 30_000
const longestBackoffMs = 5_000
const firstBackoffMs = 200
const answerTimeoutMs = 30_000

/** Null when no attempt was answered, or all were answered "later". @throws when the signal is aborted. */
export async function exchange(request: Request, signal: AbortSignal): Promise<Answer | null> {
  for (let attempt = 1; ; attempt++) {
    signal.throwIfAborted()
    const pauseMs = Math.min(longestBackoffMs, firstBackoffMs * 2 ** (attempt - 1))
    const outcome = await once(request, signal)
    if (outcome !== null && outcome.answer.status !== 429 && outcome.answer.status !== 503) return outcome.answer
    if (attempt >= request.attemptsMax) return outcome?.answer ?? null
    await pause(outcome?.retryAfterMs ?? pauseMs, signal)
  }
}

async function once(request: Request, signal: AbortSignal): Promise<{ answer: Answer; retryAfterMs: number | null } | null> {
  try {
    const response = await fetch(request.url, {
      method: request.method,
      headers: request.headers,
      ...(request.body !== undefined && { body: request.body }),
      redirect: 'manual',
      signal: AbortSignal.any([signal, AbortSignal.timeout(answerTimeoutMs)]),
    })
    const text = await response.text()
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN)
    return {
      answer: { status: response.status, location: response.headers.get('location'), body: jsonFrom(text) },
      retryAfterMs: Number.isFinite(seconds) ? Math.min(longestPauseMs, Math.max(0, seconds * 1000)) : null,
    }
  } catch (error) {
    // Our own end is told on; a connection that broke is what the next attempt is for.
    if (signal.aborted) throw error
    return null
  }
}

function jsonFrom(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text)
  } catch {
    // A redirect or a proxy answers with a page; nothing of it is needed.
    return null
  }
}

/** Waits, and ends at once with the signal. @throws when the signal is aborted. */
export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer)
      reject(signal.reason as Error)
    }
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop)
      resolve()
    }, ms)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop, { once: true })
  })
}
