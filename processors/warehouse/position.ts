/** Place of a record in the chain: the offset of the input that caused it, and its place among the outputs of that. */
export type Position = { sourceOffset: number; index: number }

/** Before every record. */
export const START: Position = { sourceOffset: -1, index: -1 }

/** The first record of a position counts; one at or below what was seen is a repetition by a step that came late. */
export function isAfter(position: Position, seen: Position): boolean {
  return position.sourceOffset > seen.sourceOffset || (position.sourceOffset === seen.sourceOffset && position.index > seen.index)
}

/** `12.0`, or `-` before every record. */
export function textFromPosition(position: Position): string {
  return position.sourceOffset < 0 ? '-' : `${position.sourceOffset}.${position.index}`
}

export function positionFromText(text: string): Position | null {
  if (text === '-') return START
  const match = /^(\d{1,16})\.(\d{1,16})$/.exec(text)
  return match === null ? null : { sourceOffset: Number(match[1]), index: Number(match[2]) }
}
