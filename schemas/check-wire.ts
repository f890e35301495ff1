import { isUtf8 } from 'node:buffer'
import { LONG_MAX, LONG_MIN } from './avro-types.ts'
import { CodecError } from './codec-error.ts'
import type { AvroObject, AvroRecord, AvroSchema } from './read-schemas.ts'

/*
 * avsc trusts its input: it reads past the end, allocates what a length asks for, and repairs what it cannot read.
 * So every body is walked once by its writer's schema before avsc sees it. What passes is in bounds in every length,
 * count, branch and number.
 */

type Cursor = { bytes: Buffer; at: number }
/** Moves the cursor behind one value, or throws. */
type Check = (cursor: Cursor) => void

const VARINT_BYTES_MAX = 10
const INT_MAX = 2 ** 31 - 1
const INT_MIN = -(2 ** 31)
/** The bounds of a long in their zigzag form, where odd ones are negative. */
const ZIGZAG_EVEN_MAX = 2 * LONG_MAX
const ZIGZAG_ODD_MAX = -2 * LONG_MIN - 1

/** Builds the check of a whole body for each record; the schemas come in dependency order. */
export function wireChecksFromSchemas(schemas: AvroRecord[]): Map<string, (body: Buffer) => void> {
  const named = new Map<string, Check>()
  return new Map(schemas.map((schema) => [schema.name, bodyCheck(checkFromSchema(schema, named))]))
}

function bodyCheck(check: Check): (body: Buffer) => void {
  return (bytes) => {
    const cursor = { bytes, at: 0 }
    check(cursor)
    if (cursor.at < bytes.length) throw new CodecError('trailing_bytes', `${bytes.length - cursor.at} bytes follow the value`)
  }
}

const primitives: Record<string, Check> = {
  null: () => {},
  boolean: checkBoolean,
  int: checkInt,
  long: (cursor) => void readLong(cursor),
  double: (cursor) => skip(cursor, 8),
  bytes: (cursor) => skip(cursor, readLong(cursor)),
  string: checkString,
}

function checkFromSchema(schema: AvroSchema, named: Map<string, Check>): Check {
  if (typeof schema === 'string') return existing(primitives[schema] ?? named.get(schema), schema)
  if (Array.isArray(schema)) return unionCheck(schema.map((branch) => checkFromSchema(branch, named)))
  if (schema.type === 'map') return blocksCheck(inOrder([checkString, checkFromSchema(schema.values as AvroSchema, named)]))
  if (schema.type === 'array') return blocksCheck(checkFromSchema(schema.items!, named))
  return namedCheck(schema, named) ?? checkFromSchema(schema.type, named)
}

function namedCheck(schema: AvroObject, named: Map<string, Check>): Check | null {
  const { type, name, symbols = [], fields = [] } = schema
  if (name === undefined || (type !== 'enum' && type !== 'record')) return null
  const check = type === 'enum' ? indexCheck(symbols.length) : inOrder(fields.map((field) => checkFromSchema(field.type, named)))
  named.set(name, check)
  return check
}

function existing(check: Check | undefined, name: string): Check {
  if (check === undefined) throw new Error(`no schema defines ${name} before it is used`)
  return check
}

function inOrder(checks: Check[]): Check {
  return (cursor) => {
    for (const check of checks) check(cursor)
  }
}

function indexCheck(count: number): Check {
  return (cursor) => void readIndex(cursor, count)
}

function unionCheck(branches: Check[]): Check {
  return (cursor) => branches[readIndex(cursor, branches.length)]!(cursor)
}

/** Arrays and maps: blocks of a count and that many items, up to a block of none. */
function blocksCheck(checkItem: Check): Check {
  return (cursor) => {
    for (let count = readLong(cursor); count !== 0; count = readLong(cursor)) checkBlock(cursor, count, checkItem)
  }
}

/** A negative count is followed by the size of the block in bytes. */
function checkBlock(cursor: Cursor, count: number, checkItem: Check): void {
  const sizeBytes = count < 0 ? readLong(cursor) : null
  const start = cursor.at
  // Every item of our schemas takes at least a byte, so a count above the rest of the bytes is a lie.
  if (Math.abs(count) > cursor.bytes.length - start) throw truncated()
  for (let left = Math.abs(count); left > 0; left--) checkItem(cursor)
  if (sizeBytes !== null && sizeBytes !== cursor.at - start) throw invalid('a block has another size than it says')
}

function checkBoolean(cursor: Cursor): void {
  const byte = readByte(cursor)
  if (byte > 1) throw invalid('a boolean is neither 0 nor 1')
}

function checkInt(cursor: Cursor): void {
  const value = readLong(cursor)
  if (value > INT_MAX || value < INT_MIN) throw invalid('an int has more than 32 bits')
}

function checkString(cursor: Cursor): void {
  const start = cursor.at
  const lengthBytes = readLong(cursor)
  const from = cursor.at
  skip(cursor, lengthBytes)
  for (let at = from; at < cursor.at; at++) {
    if (cursor.bytes[at]! < 0x80) continue
    if (!isUtf8(cursor.bytes.subarray(from, cursor.at))) throw invalid(`the string at byte ${start} is not UTF-8`)
    return
  }
}

function readIndex(cursor: Cursor, count: number): number {
  const index = readLong(cursor)
  if (index < 0 || index >= count) throw invalid(`index ${index} of a union or enum with ${count} members`)
  return index
}

/** Reads a zigzag varint, in floating point beyond 28 bits; exact within the bounds it enforces. */
function readLong(cursor: Cursor): number {
  const first = readByte(cursor)
  if (first < 0x80) return (first >>> 1) ^ -(first & 1)
  let zigzag = first & 0x7f
  let factor = 128
  let byte = first
  for (let count = 1; byte >= 0x80; count++) {
    if (count === VARINT_BYTES_MAX) throw invalid('a number has more than 10 bytes')
    byte = readByte(cursor)
    zigzag += (byte & 0x7f) * factor
    factor *= 128
  }
  const isNegative = (first & 1) === 1
  if (zigzag > (isNegative ? ZIGZAG_ODD_MAX : ZIGZAG_EVEN_MAX)) throw invalid('a long is outside the numbers that are exact')
  return isNegative ? -(zigzag + 1) / 2 : zigzag / 2
}

function readByte(cursor: Cursor): number {
  const byte = cursor.bytes[cursor.at++]
  if (byte === undefined) throw truncated()
  return byte
}

function skip(cursor: Cursor, lengthBytes: number): void {
  if (lengthBytes < 0) throw invalid('a length is negative')
  if (lengthBytes > cursor.bytes.length - cursor.at) throw truncated()
  cursor.at += lengthBytes
}

function truncated(): CodecError {
  return new CodecError('too_short', 'the body ends in the middle of a value')
}

function invalid(detail: string): CodecError {
  return new CodecError('invalid_bytes', detail)
}
