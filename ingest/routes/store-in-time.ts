import type { IngestContext } from '../ingest-context.ts'
import { SpillError } from '../spill/spill-error.ts'
import type { SpillRecord, SpillShare } from '../spill/spill.ts'

export type Stored = 'stored' | 'limited' | 'overloaded' | 'spill_full' | 'spill_disk' | 'spill_closed'

/** Makes records durable within the bounds of what may wait, or tells why that cannot be done now. */
export async function storeInTime(records: SpillRecord[], share: SpillShare, integrationId: string, context: IngestContext): Promise<Stored> {
  const { admission, lane, metrics } = context
  const entered = admission.enter(integrationId, records.length)
  if (entered !== 'ok') return entered
  try {
    metrics.stored(await lane.store(records, share), records.length)
    return 'stored'
  } catch (error) {
    if (error instanceof SpillError) return `spill_${error.code}`
    throw error
  } finally {
    admission.leave(integrationId, records.length)
  }
}
