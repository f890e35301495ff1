/**
 * JSON as a sender meant it: a name given twice is seen, a number keeps its digits, and no name can reach a prototype.
 * `JSON.parse` does none of the three.
 */
export type JsonValue = string | boolean | null | JsonNumber | JsonObject | JsonValue[]
export type JsonNumber = { kind: 'number'; text: string }
/** `repeated`: names that were given more than once; `values` has the first of them. */
export type JsonObject = { kind: 'object'; values: Map<string, JsonValue>; repeated: string[] }

/** Deeper than anything that is taken here; it bounds the recursion. */
const DEPTH_MAX = 16

type Cursor = { text: string; at: number }
class JsonFault extends Error {}

/** undefined when the text is not JSON. */
export function parseStrictJson(text: string): JsonValue | undefined {
  const cursor: Cursor = { text, at: 0 }
  try {
    const value = readValue(cursor, 0)
    skipSpace(cursor)
    return cursor.at === text.length ? value : undefined
  } catch (error) {
    if (error instanceof JsonFault) return undefined
    throw error
  }
}

export function isJsonObject(value: JsonValue): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && value.kind === 'object'
}

export function isJsonNumber(value: JsonValue): value is JsonNumber {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && value.kind === 'number'
}

function readValue(cursor: Cursor, depth: number): JsonValue {
  if (depth > DEPTH_MAX) throw new JsonFault()
  skipSpace(cursor)
  switch (cursor.text[cursor.at]) {
    case '{':
      return readObject(cursor, depth)
    case '[':
      return readArray(cursor, depth)
    case '"':
      return readString(cursor)
    case 't':
      return readWord(cursor, 'true', true)
    case 'f':
      return readWord(cursor, 'false', false)
    case 'n':
      return readWord(cursor, 'null', null)
    default:
      return readNumber(cursor)
  }
}

function readObject(cursor: Cursor, depth: number): JsonObject {
  const values = new Map<string, JsonValue>()
  const repeated: string[] = []
  cursor.at += 1
  if (take(cursor, '}')) return { kind: 'object', values, repeated }
  do {
    skipSpace(cursor)
    if (cursor.text[cursor.at] !== '"') throw new JsonFault()
    const name = readString(cursor)
    expect(cursor, ':')
    const value = readValue(cursor, depth + 1)
    if (values.has(name)) repeated.push(name)
    else values.set(name, value)
  } while (take(cursor, ','))
  expect(cursor, '}')
  return { kind: 'object', values, repeated }
}

function readArray(cursor: Cursor, depth: number): JsonValue[] {
  const items: JsonValue[] = []
  cursor.at += 1
  if (take(cursor, ']')) return items
  do items.push(readValue(cursor, depth + 1))
  while (take(cursor, ','))
  expect(cursor, ']')
  return items
}

/** Finds the end of the literal here and leaves escapes to JSON.parse, which is strict about them. */
function readString(cursor: Cursor): string {
  const { text } = cursor
  const start = cursor.at
  let isPlain = true
  for (let at = start + 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 0x22) {
      cursor.at = at + 1
      return isPlain ? text.slice(start + 1, at) : parseLiteral(text.slice(start, at + 1))
    }
    if (code < 0x20) throw new JsonFault()
    if (code === 0x5c) {
      isPlain = false
      at += 1
    }
  }
  throw new JsonFault()
}

function parseLiteral(literal: string): string {
  try {
    return JSON.parse(literal) as string
  } catch {
    throw new JsonFault()
  }
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y

function readNumber(cursor: Cursor): JsonNumber {
  NUMBER.lastIndex = cursor.at
  const match = NUMBER.exec(cursor.text)
  if (match === null) throw new JsonFault()
  cursor.at = NUMBER.lastIndex
  return { kind: 'number', text: match[0] }
}

function readWord<T>(cursor: Cursor, word: string, value: T): T {
  if (!cursor.text.startsWith(word, cursor.at)) throw new JsonFault()
  cursor.at += word.length
  return value
}

function take(cursor: Cursor, char: string): boolean {
  skipSpace(cursor)
  if (cursor.text[cursor.at] !== char) return false
  cursor.at += 1
  return true
}

function expect(cursor: Cursor, char: string): void {
  if (!take(cursor, char)) throw new JsonFault()
}

function skipSpace(cursor: Cursor): void {
  for (;;) {
    const code = cursor.text.charCodeAt(cursor.at)
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return
    cursor.at += 1
  }
}
