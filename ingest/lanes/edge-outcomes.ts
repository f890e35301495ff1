import type { EdgeOutcome, EdgeResult } from '../../schemas/records.generated.ts'

/** Counts what was not accepted, by minute, integration and reason, and hands the counts on in small records. */
export type EdgeOutcomes = {
  count(integrationId: string, outcome: EdgeResult, reason: string, quantity: number): void
  /** What was counted since the last call. */
  take(): EdgeOutcome[]
}

const MINUTE_MS = 60_000

/** @param processId differs between processes, so that no two records share an id */
export function createEdgeOutcomes({ now, processId }: { now: () => number; processId: string }): EdgeOutcomes {
  let counts = new Map<string, EdgeOutcome>()
  let sequence = 0
  return {
    count(integrationId, outcome, reason, quantity) {
      const at = now()
      const minute = at - (at % MINUTE_MS)
      const key = `${minute} ${integrationId} ${outcome} ${reason}`
      const known = counts.get(key)
      if (known !== undefined) {
        known.quantity += quantity
        known.at = at
        return
      }
      sequence += 1
      counts.set(key, { outcome_id: `eo_${processId}_${sequence}`, minute, integration_id: integrationId, outcome, reason, quantity, at })
    },
    take() {
      const taken = [...counts.values()]
      counts = new Map()
      return taken
    },
  }
}
