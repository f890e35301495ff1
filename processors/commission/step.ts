import type { Catalog } from '../../catalog/catalog.ts'
import type { ChainStep, StepContext } from '../../runtime/chain-step.ts'
import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import { deadLetterFrom } from '../../runtime/dead-letter.ts'
import type { Names } from '../../runtime/names.ts'
import { CodecError, codecs } from '../../schemas/codec.ts'
import type { ScoredEvent } from '../../schemas/records.generated.ts'
import { playerKey, topics } from '../../schemas/topics.ts'
import { movementsOf } from './core.ts'
import { entriesOf } from './entries.ts'
import { bindingVersion, historyFromDoc, remember } from './history.ts'

export type Input = { kind: 'scored'; scored: ScoredEvent } | { kind: 'poison'; record: KafkaRecord; reason: string }
export type Signals = { catalogs: ReadonlyMap<string, Catalog> }

/** The step from scored events to the ledger. @param loadCatalog the catalog of a version; throws when there is none */
export function createCommissionStep(names: Names, loadCatalog: (version: string) => Promise<Catalog>): ChainStep<Input, Signals> {
  return {
    name: 'commission',
    input: topics['scored-events'].name,
    parse,
    source: (input) => (input.kind === 'scored' ? { sourceOffset: input.scored.source_offset, index: input.scored.index } : null),
    keysOf: (input) => (isFact(input) ? [keyOf(input.scored)] : []),
    async prepare({ inputs, docs }) {
      const versions = new Set<string>()
      for (const input of inputs) {
        if (!isFact(input)) continue
        const { event, binding } = input.scored.attributed
        if (binding?.event_id === event.event_id) versions.add(event.catalog_version)
        const named = bindingVersion(historyFromDoc(docs.get(keyOf(input.scored))))
        if (named !== null) versions.add(named)
      }
      return { catalogs: new Map(await Promise.all([...versions].map(async (version) => [version, await loadCatalog(version)] as const))) }
    },
    // A repetition in transport needs no special treatment: what a history has taken in already changes nothing.
    onRecord(input, context) {
      if (input.kind === 'poison') {
        context.emit(deadLetterFrom(input.record, names.topic('dead-letters'), { step: 'commission', reason: input.reason, atMs: context.logTimeMs }))
      } else if (isFact(input)) settle(input.scored, context, names)
    },
    onDue() {
      throw new Error('commission waits for no deadline')
    },
    restore: { kind: 'replay-input' },
  }
}

function settle(scored: ScoredEvent, context: StepContext<Signals>, names: Names): void {
  const key = keyOf(scored)
  const history = historyFromDoc(context.docs.get(key))
  if (!remember(history, scored)) return
  const { brand_id: brandId, player_id: playerId } = scored.attributed.event
  const movements = movementsOf(history, (version) => catalogOf(version, context.signals))
  for (const movement of movements) {
    const { partition, offset } = context.record
    const entries = entriesOf(movement, history, {
      brandId,
      playerId,
      partition,
      sourceOffset: offset,
      bookedAtMs: context.logTimeMs,
      nextIndex: context.nextIndex,
    })
    for (const entry of entries) {
      context.emit({ topic: names.topic(topics.ledger.name), partition, key, value: codecs.LedgerEntry.encode(entry) })
    }
  }
  context.docs.set(key, JSON.stringify(history))
}

function parse(record: KafkaRecord): Input {
  try {
    return { kind: 'scored', scored: codecs.ScoredEvent.decode(record.value ?? Buffer.alloc(0)) }
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
    return { kind: 'poison', record, reason: 'undecodable' }
  }
}

function isFact(input: Input): input is Extract<Input, { kind: 'scored' }> {
  return input.kind === 'scored' && input.scored.attributed.kind === 'event'
}

function keyOf(scored: ScoredEvent): string {
  return playerKey(scored.attributed.event.brand_id, scored.attributed.event.player_id)
}

function catalogOf(version: string, signals: Signals): Catalog {
  const catalog = signals.catalogs.get(version)
  if (catalog === undefined) throw new Error(`the catalog version ${version} was not loaded`)
  return catalog
}
