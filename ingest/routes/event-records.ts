import type { Names } from '../../runtime/names.ts'
import { codecs } from '../../schemas/codec.ts'
import type { Click, PlayerEvent } from '../../schemas/records.generated.ts'
import { playerKey, topics } from '../../schemas/topics.ts'
import type { FieldProblem } from '../parse/fields.ts'
import type { SpillRecord } from '../spill/spill.ts'

/** Below what a topic takes: a larger record would be refused by the broker, again and again. */
const RECORD_BYTES_MAX = 900_000

export function spillRecordOfEvent(event: PlayerEvent, names: Names): SpillRecord | FieldProblem {
  return bounded({
    topic: names.topic(topics['player-events'].name),
    partition: null,
    key: playerKey(event.brand_id, event.player_id),
    value: codecs.PlayerEvent.encode(event),
  })
}

export function spillRecordOfClick(click: Click, names: Names): SpillRecord | FieldProblem {
  return bounded({ topic: names.topic(topics.clicks.name), partition: null, key: click.click_id, value: codecs.Click.encode(click) })
}

function bounded(record: SpillRecord): SpillRecord | FieldProblem {
  if (record.value.length <= RECORD_BYTES_MAX) return record
  return {
    code: 'record_too_large',
    detail: `all fields together have more than ${RECORD_BYTES_MAX} bytes`,
    fix: 'send fewer or shorter attributes',
  }
}
