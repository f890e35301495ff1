/** Bounds what waits for an answer, so that memory and delay stay bounded whatever comes in. */
export type Admission = {
  /** Asks for `count` places; 'ok' must be given back by `leave`. */
  enter(integrationId: string, count: number): 'ok' | 'limited' | 'overloaded'
  leave(integrationId: string, count: number): void
  depth(): number
}

export type AdmissionOptions = { totalMax?: number; perIntegrationMax?: number }

const TOTAL_MAX = 40_000
const PER_INTEGRATION_MAX = 10_000

export function createAdmission({ totalMax = TOTAL_MAX, perIntegrationMax = PER_INTEGRATION_MAX }: AdmissionOptions = {}): Admission {
  const held = new Map<string, number>()
  let total = 0
  return {
    enter(integrationId, count) {
      const own = held.get(integrationId) ?? 0
      if (own + count > perIntegrationMax) return 'limited'
      if (total + count > totalMax) return 'overloaded'
      held.set(integrationId, own + count)
      total += count
      return 'ok'
    },
    leave(integrationId, count) {
      total -= count
      const own = (held.get(integrationId) ?? 0) - count
      if (own > 0) held.set(integrationId, own)
      else held.delete(integrationId)
    },
    depth: () => total,
  }
}
