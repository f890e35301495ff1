import type { Decision, OperatorStatus } from '../../schemas/records.generated.ts'
import type { Fact, History } from './history.ts'
import { type FactList, isFact } from './deals/target.ts'

/** Where the money of an accrual may stand, from the best to the worst. */
export type State = 'approved' | 'pending' | 'held' | 'reversed'
export type Standing = { state: State; why: string }

const WORSE: Record<State, number> = { approved: 0, pending: 1, held: 2, reversed: 3 }
const STATE_OF_DECISION: Record<Decision, State> = { allow: 'approved', review: 'pending', hold: 'held', reject: 'reversed' }
const STATE_OF_STATUS: Record<OperatorStatus, State> = { approved: 'approved', pending: 'pending', held: 'held', rejected: 'reversed', reversed: 'reversed' }

/**
 * The worst of the settled verdicts of the registration and of the accrual's own event, and the operator's word on
 * either. A verdict that is not settled yet counts as pending. The operator's `approved` withdraws an earlier word of
 * his and lifts nothing else.
 */
export function standingOf(own: { eventId: string; fact: Fact }, registrationId: string, history: History, words: OperatorWords): Standing {
  const opinions: Standing[] = [
    verdictOn(registrationId, history, 'the registration'),
    verdictOn(own.eventId, history, 'the event itself'),
    wordOn(own.fact, words, 'the event itself'),
    wordOn(words.registration, words, 'the registration'),
  ]
  return opinions.reduce((worst, opinion) => (WORSE[opinion.state] > WORSE[worst.state] ? opinion : worst))
}

export type OperatorWords = {
  /** Latest word by original: `integration/external id`. */
  byOriginal: ReadonlyMap<string, OperatorStatus>
  /** The registration that stands: the earliest. A player who is a click may have none, and a word on another event reaches no further. */
  registration: Fact | undefined
}

/** Of several words on one original the latest in (occurred_at, event_id) counts. @param facts in that order */
export function wordsOf(facts: FactList): OperatorWords {
  const byOriginal = new Map<string, OperatorStatus>()
  for (const [, fact] of facts.filter(isFact('status_change'))) byOriginal.set(originalKey(fact.int, fact.ref), fact.status)
  return { byOriginal, registration: facts.find(isFact('registration'))?.[1] }
}

function verdictOn(eventId: string, history: History, whose: string): Standing {
  const verdict = history.verdicts[eventId]
  if (verdict === undefined) return { state: 'pending', why: `the verdict on ${whose} is not settled` }
  return { state: STATE_OF_DECISION[verdict.decision], why: `verdict ${verdict.decision} on ${whose}` }
}

function wordOn(fact: Fact | undefined, words: OperatorWords, whose: string): Standing {
  // A registration may come without an external id; nobody can refer to it then.
  const status = fact === undefined || fact.ext === '' ? undefined : words.byOriginal.get(originalKey(fact.int, fact.ext))
  if (status === undefined) return { state: 'approved', why: `no word of the operator on ${whose}` }
  return { state: STATE_OF_STATUS[status], why: `the operator says ${status} of ${whose}` }
}

function originalKey(integration: string, externalId: string): string {
  return `${integration}/${externalId}`
}
