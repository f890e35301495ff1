import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import { CodecError, codecs } from '../../schemas/codec.ts'
import type { PlayerEvent } from '../../schemas/records.generated.ts'

type PoisonReason = 'undecodable' | 'fields_missing' | 'catalog_unknown'

/** `event` is null when not even that could be read. */
export type Input =
  | { kind: 'event'; event: PlayerEvent; bytes: Buffer; record: KafkaRecord }
  | { kind: 'poison'; event: PlayerEvent | null; record: KafkaRecord; reason: PoisonReason }

/** Never throws: what cannot be read, or lacks what its type is about, is poison. */
export function inputFromRecord(record: KafkaRecord): Input {
  const bytes = record.value ?? Buffer.alloc(0)
  try {
    const event = codecs.PlayerEvent.decode(bytes)
    if (isComplete(event)) return { kind: 'event', event, bytes, record }
    return { kind: 'poison', event, record, reason: 'fields_missing' }
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    return { kind: 'poison', event: null, record, reason: 'undecodable' }
  }
}

/** Ingest accepts nothing else, but it is not the only one who can write to a topic. */
function isComplete(event: PlayerEvent): boolean {
  if (event.event_type === 'tick') return true
  if (event.event_id === '' || event.receipt_id === '' || event.brand_id === '' || event.player_id === '') return false
  const hasMoney = event.amount !== null && event.currency !== null
  switch (event.event_type) {
    case 'registration':
      return true
    case 'deposit':
    case 'withdrawal':
      return hasMoney
    case 'chargeback':
      return hasMoney && event.refers_to !== null
    case 'revenue_reported':
      return hasMoney && event.period !== null && event.revision !== null
    case 'trade_closed':
      return event.lots !== null
    case 'status_change':
      return event.refers_to !== null && event.status !== null
  }
}
