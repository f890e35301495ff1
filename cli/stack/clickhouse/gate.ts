/** Lets a bounded number through and keeps a bounded number waiting. */
export type Gate = {
  /** Resolves to false when even the waiting line is full. */
  enter(): Promise<boolean>
  leave(): void
}

export function createGate(limits: { inside: number; waiting: number }): Gate {
  const line: (() => void)[] = []
  let inside = 0
  return {
    enter() {
      if (inside < limits.inside) {
        inside += 1
        return Promise.resolve(true)
      }
      if (line.length >= limits.waiting) return Promise.resolve(false)
      return new Promise((resolve) => line.push(() => resolve(true)))
    },
    leave() {
      const next = line.shift()
      if (next === undefined) inside -= 1
      else next()
    },
  }
}
