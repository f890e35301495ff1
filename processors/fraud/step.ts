import { type CoreSettings, fold, type FraudInput, type FraudSignals, inputFromRecord, keysOfInput, onDue, onRecord, scoredFromRecord } from './core.ts'
import { gatherSignals, type SignalSources } from './signals.ts'
import type { ChainStep } from '../../runtime/chain-step.ts'
import { topics } from '../../schemas/topics.ts'

/**
 * The step from attributed events to scored events. What it has written are facts: a verdict depends on what else had
 * arrived, so the state is made from the own output and nothing is scored twice.
 */
export function createFraudStep(settings: CoreSettings, sources: SignalSources): ChainStep<FraudInput, FraudSignals> {
  return {
    name: 'fraud',
    input: topics['attributed-events'].name,
    parse: inputFromRecord,
    source: ({ attributed }) => (attributed === null ? null : { sourceOffset: attributed.source_offset, index: attributed.index }),
    keysOf: keysOfInput,
    prepare: (work) => gatherSignals(work, sources),
    onRecord: (input, context) => onRecord(input, context, settings),
    onDue: (eventId, context) => onDue(eventId, context, settings),
    restore: {
      kind: 'fold-output',
      topic: topics['scored-events'].name,
      keysOf(record) {
        const scored = scoredFromRecord(record)
        return scored === null || scored.verdict === null ? [] : [scored.event_id]
      },
      fold: (record, docs) => fold(record, docs, settings, sources.nowMs()),
    },
  }
}
