import type { Catalog } from '../../catalog/catalog.ts'
import type { ChainStep, Work } from '../../runtime/chain-step.ts'
import { playerKey, topics } from '../../schemas/topics.ts'
import { isClickPlayer } from './bind.ts'
import { type AttributionSignals, onDue, onRecord, type Settings } from './core.ts'
import { type Input, inputFromRecord } from './input.ts'
import { parkedEvent, playerDocFromText } from './player-doc.ts'

export type AttributionSources = {
  /** The catalog of a version; null when there is none. */
  findCatalog(version: string): Promise<Catalog | null>
  /** Packed clicks by id; what is not at hand is left out. */
  findClicks(clickIds: string[]): Promise<ReadonlyMap<string, Buffer>>
}

/** The step from player events to attributed events, bindings and dispositions. */
export function createAttributionStep(settings: Settings, sources: AttributionSources): ChainStep<Input, AttributionSignals> {
  return {
    name: 'attribution',
    input: topics['player-events'].name,
    parse: inputFromRecord,
    keysOf: (input) => (isFact(input) ? [playerKey(input.event.brand_id, input.event.player_id)] : []),
    async prepare(work) {
      const { versions, clickIds } = namedBy(work)
      const [catalogs, clicks] = await Promise.all([loadCatalogs(versions, sources), sources.findClicks([...clickIds])])
      return { catalogs, clicks }
    },
    onRecord: (input, context) => onRecord(input, context, settings),
    onDue: (key, context) => onDue(key, context, settings),
    // Decisions are a function of the input log; only what is said about the click may differ.
    restore: { kind: 'replay-input' },
  }
}

function isFact(input: Input): input is Extract<Input, { kind: 'event' }> {
  return input.kind === 'event' && input.event.event_type !== 'tick'
}

/** Catalog versions and clicks that the batch, or a fact that it may release, can come to need. */
function namedBy({ inputs, due, docs }: Work<Input>): { versions: Set<string>; clickIds: Set<string> } {
  const versions = new Set<string>()
  const clickIds = new Set<string>()
  const keys = new Set(due)
  for (const input of inputs) {
    if (!isFact(input)) continue
    const { event } = input
    keys.add(playerKey(event.brand_id, event.player_id))
    versions.add(event.catalog_version)
    const mayBind = !event.is_test && (event.event_type === 'registration' || isClickPlayer(event.player_id))
    if (mayBind && event.click_id !== null) clickIds.add(event.click_id)
  }
  for (const key of keys) {
    const doc = playerDocFromText(docs.get(key))
    const boundClick = doc.b?.[4] ?? null
    if (boundClick !== null) clickIds.add(boundClick)
    if (!isClickPlayer(key.slice(key.indexOf(':') + 1))) continue
    for (const fact of doc.f) {
      const version = parkedEvent(fact)?.catalog_version
      if (version !== undefined) versions.add(version)
    }
  }
  return { versions, clickIds }
}

async function loadCatalogs(versions: Set<string>, { findCatalog }: AttributionSources): Promise<Map<string, Catalog>> {
  const found = await Promise.all([...versions].map(async (version) => [version, await findCatalog(version)] as const))
  return new Map(found.filter((entry): entry is [string, Catalog] => entry[1] !== null))
}
