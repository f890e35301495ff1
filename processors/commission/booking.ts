import type { Account, EntryType } from '../../schemas/records.generated.ts'
import type { Booked } from './history.ts'
import type { State } from './standing.ts'

/** What a position should be: its money, as a whole, in one account; null when nothing is owed. */
export type Goal = (Omit<Booked, 'account' | 'entry'> & { state: Exclude<State, 'reversed'>; why: string }) | null

/** One transaction: the same amount leaves one account and enters another. */
export type Movement = {
  entryType: EntryType
  from: Account
  to: Account
  units: bigint
  terms: Omit<Booked, 'account' | 'entry'>
  why: string
  /** The entry that is taken back. */
  corrects: string | null
}

/**
 * The movements from what is booked to what should be: target minus booked. An amount or terms that changed are taken
 * back in full and booked anew, so that every correction names what it corrects.
 */
export function movementsTo(goal: Goal, booked: Booked | undefined): Movement[] {
  if (booked === undefined) return goal === null ? [] : book(goal)
  if (goal === null) return [takeBack(booked, 'nothing is owed any more')]
  if (!isSameMoney(goal, booked)) return [takeBack(booked, `it is ${goal.formula} now`), ...book(goal)]
  return move(booked.account, goal)
}

function book(goal: NonNullable<Goal>): Movement[] {
  const { state: _, why: __, ...terms } = goal
  const accrual: Movement = { entryType: 'accrual', from: 'expense', to: 'pending', units: BigInt(goal.amt), terms, why: goal.formula, corrects: null }
  return [accrual, ...move('pending', goal)]
}

function move(from: Booked['account'], goal: NonNullable<Goal>): Movement[] {
  const to = goal.state
  if (from === to) return []
  const { state: _, why, ...terms } = goal
  const step = (entryType: EntryType, source: Account, target: Account): Movement => ({
    entryType,
    from: source,
    to: target,
    units: BigInt(goal.amt),
    terms,
    why,
    corrects: null,
  })
  if (to === 'approved') return [step('approval', from, 'approved')]
  if (to === 'held') return [step('hold', from, 'held')]
  // Only a hold leads back to pending, so approved money passes through it.
  return from === 'approved' ? [step('hold', 'approved', 'held'), step('release', 'held', 'pending')] : [step('release', 'held', 'pending')]
}

function takeBack(booked: Booked, why: string): Movement {
  const { account, entry, ...terms } = booked
  return { entryType: 'reversal', from: account, to: 'expense', units: BigInt(booked.amt), terms, why, corrects: entry }
}

function isSameMoney(goal: NonNullable<Goal>, booked: Booked): boolean {
  return goal.amt === booked.amt && goal.cur === booked.cur && goal.eventId === booked.eventId && goal.affiliate === booked.affiliate
}
