const PAUSE_MS = 50

/** Looks again and again until the condition holds. @throws with what was seen last when the time is over */
export async function until<T>(what: string, look: () => Promise<T> | T, holds: (seen: T) => boolean, timeoutMs = 30_000): Promise<T> {
  const deadlineMs = Date.now() + timeoutMs
  for (;;) {
    const seen = await look()
    if (holds(seen)) return seen
    if (Date.now() > deadlineMs) throw new Error(`${what} did not happen within ${timeoutMs} ms; seen last: ${JSON.stringify(seen)}`)
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
  }
}
