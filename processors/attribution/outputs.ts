import { hash } from 'node:crypto'
import type { StepContext } from '../../runtime/chain-step.ts'
import type { Names } from '../../runtime/names.ts'
import { codecs } from '../../schemas/codec.ts'
import type { AttributedEvent, Binding, Disposition, DispositionName, DispositionReason, PlayerEvent } from '../../schemas/records.generated.ts'
import { playerKey, type TopicName, topics } from '../../schemas/topics.ts'
import type { Decision } from './bind.ts'
import type { FoundClick } from './found-click.ts'

/** Where the outputs of one input go. Each topic numbers them from 0 within the input. */
export type Outputs = {
  attributed(event: PlayerEvent, kind: AttributedEvent['kind'], binding: Binding | null, found: FoundClick): void
  disposition(of: { receiptId: string; eventId: string }, disposition: DispositionName, reason: DispositionReason | null): void
  /** Says who the player belongs to from here on. */
  binding(player: { brandId: string; playerId: string }, decision: Decision): Binding
}

type Counts = { dispositions: number; bindings: number }

/** An input and the deadlines that it makes fire share one context, and with it one numbering. */
const countsByContext = new WeakMap<object, Counts>()

export function outputsOf(context: StepContext<unknown>, names: Names): Outputs {
  const counts = countsByContext.get(context) ?? { dispositions: 0, bindings: 0 }
  countsByContext.set(context, counts)
  const { partition, offset } = context.record
  const emit = (topic: TopicName, place: number | null, key: string, value: Buffer) =>
    context.emit({ topic: names.topic(topics[topic].name), partition: place, key, value })

  return {
    attributed(event, kind, binding, found) {
      const record: AttributedEvent = {
        event_id: event.event_id,
        kind,
        event,
        binding,
        click_state: found.state,
        click: found.click,
        source_offset: offset,
        index: context.nextIndex(),
      }
      emit('attributed-events', partition, playerKey(event.brand_id, event.player_id), codecs.AttributedEvent.encode(record))
    },
    disposition({ receiptId, eventId }, disposition, reason) {
      const index = counts.dispositions++
      const record: Disposition = {
        disposition_id: idOf('ds', [receiptId, String(partition), String(offset), String(index)]),
        receipt_id: receiptId,
        event_id: eventId,
        disposition,
        reason,
        at: context.logTimeMs,
        source_partition: partition,
        source_offset: offset,
        index,
      }
      emit('dispositions', null, receiptId, codecs.Disposition.encode(record))
    },
    binding({ brandId, playerId }, decision) {
      const index = counts.bindings++
      const key = playerKey(brandId, playerId)
      const binding: Binding = {
        ...decision,
        binding_id: idOf('bd', [key, String(offset), String(index)]),
        brand_id: brandId,
        player_id: playerId,
        source_offset: offset,
        index,
      }
      emit('bindings', partition, key, codecs.Binding.encode(binding))
      return binding
    },
  }
}

/** The same place in the log gives the same id. */
function idOf(prefix: string, parts: string[]): string {
  return `${prefix}_${hash('sha256', JSON.stringify(parts)).slice(0, 32)}`
}
