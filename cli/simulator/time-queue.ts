/** Hands out items in the order of their time; equal times in the order of arrival. */
export type TimeQueue<T> = {
  push(atMs: number, item: T): void
  pop(): { atMs: number; item: T } | null
  nextMs(): number | null
  size(): number
}

type Entry<T> = { atMs: number; order: number; item: T }

export function createTimeQueue<T>(): TimeQueue<T> {
  const heap: Entry<T>[] = []
  let pushed = 0
  const before = (a: Entry<T>, b: Entry<T>): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order)

  function rise(from: number): void {
    let at = from
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (!swapIfBefore(at, parent)) return
      at = parent
    }
  }

  function sink(): void {
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const right = left + 1
      let least = at
      if (left < heap.length && before(entry(left), entry(least))) least = left
      if (right < heap.length && before(entry(right), entry(least))) least = right
      if (least === at) return
      swapIfBefore(least, at)
      at = least
    }
  }

  function swapIfBefore(a: number, b: number): boolean {
    const [first, second] = [entry(a), entry(b)]
    if (!before(first, second)) return false
    heap[a] = second
    heap[b] = first
    return true
  }

  function entry(at: number): Entry<T> {
    const found = heap[at]
    if (found === undefined) throw new Error(`the queue has no entry ${at}`)
    return found
  }

  return {
    push(atMs, item) {
      heap.push({ atMs, order: pushed++, item })
      rise(heap.length - 1)
    },
    pop() {
      const first = heap[0]
      const last = heap.pop()
      if (first === undefined || last === undefined) return null
      if (heap.length > 0) {
        heap[0] = last
        sink()
      }
      return { atMs: first.atMs, item: first.item }
    },
    nextMs: () => heap[0]?.atMs ?? null,
    size: () => heap.length,
  }
}
