import { createHash } from 'node:crypto'
import type { Position } from './position.ts'
import { positionFromText, textFromPosition } from './position.ts'

/**
 * Which records one flush of a topic stores. Its text is committed as metadata of the unchanged offsets before anything
 * is inserted, so that whoever owns one of the partitions next stores exactly these records, under the same token.
 */
export type Plan = { topic: string; ranges: PlanRange[] }

export type PlanRange = {
  partition: number
  /** First offset. */
  from: number
  /** One past the last offset. */
  to: number
  /** Log time of the first record: a log that was begun anew has other plans under the same offsets. */
  sinceMs: number
  /** What the chain had reached before the first record; null where the topic has no positions. */
  seen: Position | null
}

/** What an offset is committed with. */
export type Metadata = { kind: 'plan'; plan: Plan; text: string } | { kind: 'seen'; seen: Position } | { kind: 'none' }

/** The broker refuses longer metadata. */
export const METADATA_BYTES_MAX = 4_096

const VERSION = 'w1'
const RANGE = /^(\d{1,5}):(\d{1,16})-(\d{1,16})~(\d{1,16})(?:@(.+))?$/

/** `w1 plan clicks 0:10-20~1763900000000,1:5-9~1763900000001`; a position follows as `@12.0`. */
export function textFromPlan(plan: Plan): string {
  return `${VERSION} plan ${plan.topic} ${plan.ranges.map(textFromRange).join(',')}`
}

export function textFromSeen(seen: Position): string {
  return `${VERSION} seen ${textFromPosition(seen)}`
}

/** @throws on a text that is none of ours: guessing here would store records twice or never */
export function metadataFromText(text: string): Metadata {
  if (text === '') return { kind: 'none' }
  const [version, kind, first = '', second = '', ...rest] = text.split(' ')
  if (version === VERSION && kind === 'seen' && second === '') {
    const seen = positionFromText(first)
    if (seen !== null) return { kind: 'seen', seen }
  }
  if (version === VERSION && kind === 'plan' && first !== '' && rest.length === 0) {
    return { kind: 'plan', plan: { topic: first, ranges: second.split(',').map((range) => rangeFromText(range, text)) }, text }
  }
  throw new Error(`the metadata of a committed offset cannot be read: ${text.slice(0, 200)}`)
}

/** Short and the same for the same plan; `cut` tells the inserts of one plan apart. */
export function tokenOf(plan: Plan, cut: string): string {
  return `${plan.topic}:${createHash('sha256').update(textFromPlan(plan)).digest('hex').slice(0, 40)}:${cut}`
}

/** As many ranges as fit the metadata, in the order given; the others wait for the next flush. */
export function planFromRanges(topic: string, ranges: readonly PlanRange[], bytesMax: number = METADATA_BYTES_MAX): Plan {
  let length = Buffer.byteLength(`${VERSION} plan ${topic} `)
  const taken: PlanRange[] = []
  for (const range of ranges) {
    length += textFromRange(range).length + 1
    if (length > bytesMax && taken.length > 0) break
    taken.push(range)
  }
  return { topic, ranges: taken }
}

/** The offset after the plan for one of its partitions; undefined when it has no such partition. */
export function endOf(plan: Plan, partition: number): number | undefined {
  return plan.ranges.find((range) => range.partition === partition)?.to
}

function textFromRange({ partition, from, to, sinceMs, seen }: PlanRange): string {
  return `${partition}:${from}-${to}~${sinceMs}${seen === null ? '' : `@${textFromPosition(seen)}`}`
}

function rangeFromText(text: string, whole: string): PlanRange {
  const match = RANGE.exec(text)
  const [, partition, from, to, since, position] = match ?? []
  const seen = position === undefined ? null : positionFromText(position)
  if (match === null || (position !== undefined && seen === null) || Number(from) >= Number(to)) {
    throw new Error(`the plan in the metadata of a committed offset cannot be read: ${whole.slice(0, 200)}`)
  }
  return { partition: Number(partition), from: Number(from), to: Number(to), sinceMs: Number(since), seen }
}
