/**
 * Lets everybody who asks for the same while the answer is on its way share that answer: a batch names one catalog
 * version thousands of times, and each question would read the log.
 */
export function sharingCalls<T>(ask: (key: string) => Promise<T>): (key: string) => Promise<T> {
  const underway = new Map<string, Promise<T>>()
  return (key) => {
    const known = underway.get(key)
    if (known !== undefined) return known
    const answer = ask(key).finally(() => underway.delete(key))
    underway.set(key, answer)
    return answer
  }
}
