/** Why a value cannot be stored as it is. A row with one is refused as a whole: nothing is cut, rounded or replaced. */
export type RowProblem =
  | 'integer_out_of_range'
  | 'time_out_of_range'
  | 'money_out_of_range'
  | 'number_not_finite'
  | 'text_not_well_formed'
  | 'text_too_long'
  | 'value_missing'

/** A value that its column cannot hold. */
export class RowError extends Error {
  readonly code: RowProblem
  constructor(code: RowProblem, message: string) {
    super(message)
    this.name = 'RowError'
    this.code = code
  }
}

/** Bytes of ClickHouse's RowBinary format, which grow as rows are written. */
export type RowBuffer = { bytes: Buffer; length: number }

/** Writes one value of a row. @throws RowError when the column cannot hold it */
export type Write<T> = (out: RowBuffer, value: T) => void

const BUFFER_BYTES_MIN = 64 * 1024
const TEXT_BYTES_MAX = 1_048_576
const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1
/** What DateTime64(3) shows without a change: 1970-01-01 up to the end of 2261, the bound of its calendar look-up. */
const TIME_MS_MAX = Date.UTC(2262, 0, 1) - 1
const MONEY_UNITS_MAX = 10n ** 38n - 1n
const UINT64_MASK = (1n << 64n) - 1n

export function createRowBuffer(): RowBuffer {
  return { bytes: Buffer.allocUnsafe(BUFFER_BYTES_MIN), length: 0 }
}

/** What was written, as a view. */
export function bytesOf(out: RowBuffer): Buffer {
  return out.bytes.subarray(0, out.length)
}

function reserve(out: RowBuffer, count: number): number {
  const at = out.length
  const needed = at + count
  if (needed > out.bytes.length) {
    const grown = Buffer.allocUnsafe(Math.max(needed, out.bytes.length * 2))
    out.bytes.copy(grown, 0, 0, at)
    out.bytes = grown
  }
  out.length = needed
  return at
}

// In one expression the old bytes would be read before reserve() may replace them by larger ones.
function writeByte(out: RowBuffer, byte: number): void {
  const at = reserve(out, 1)
  out.bytes[at] = byte
}

export const writeBool: Write<boolean> = (out, value) => {
  writeByte(out, value ? 1 : 0)
}

export const writeInt32: Write<number> = (out, value) => {
  if (!Number.isInteger(value) || value < INT32_MIN || value > INT32_MAX) throw new RowError('integer_out_of_range', `${value} is no 32-bit integer`)
  const at = reserve(out, 4)
  out.bytes.writeInt32LE(value, at)
}

/** An Avro int that stands for an unsigned number, such as an AS number. */
export const writeUInt32FromInt32: Write<number> = (out, value) => {
  if (!Number.isInteger(value) || value < INT32_MIN || value > INT32_MAX) throw new RowError('integer_out_of_range', `${value} is no 32-bit integer`)
  const at = reserve(out, 4)
  out.bytes.writeUInt32LE(value >>> 0, at)
}

export const writeUInt16: Write<number> = (out, value) => {
  if (!Number.isInteger(value) || value < 0 || value > 0xffff) throw new RowError('integer_out_of_range', `${value} is no 16-bit unsigned integer`)
  const at = reserve(out, 2)
  out.bytes.writeUInt16LE(value, at)
}

/** Signed and unsigned 64-bit columns have the same bytes for whole numbers from 0 to 2^53. */
export const writeInt64: Write<number> = (out, value) => {
  if (!Number.isSafeInteger(value)) throw new RowError('integer_out_of_range', `${value} is no safe integer`)
  const at = reserve(out, 8)
  out.bytes.writeInt32LE(value | 0, at)
  out.bytes.writeInt32LE(Math.floor(value / 2 ** 32) | 0, at + 4)
}

export const writeUInt64: Write<bigint> = (out, value) => {
  if (value < 0n || value > UINT64_MASK) throw new RowError('integer_out_of_range', `${value} is no 64-bit unsigned integer`)
  const at = reserve(out, 8)
  out.bytes.writeBigUInt64LE(value, at)
}

export const writeFloat64: Write<number> = (out, value) => {
  if (!Number.isFinite(value)) throw new RowError('number_not_finite', `${value} is no finite number`)
  const at = reserve(out, 8)
  out.bytes.writeDoubleLE(value, at)
}

/** Milliseconds since 1970-01-01Z. */
export const writeTime: Write<number> = (out, value) => {
  if (!Number.isSafeInteger(value) || value < 0 || value > TIME_MS_MAX) throw new RowError('time_out_of_range', `${value} ms is no time from 1970 to 2261`)
  writeInt64(out, value)
}

/** Units of 10^-8 into Decimal(38, 8): sixteen bytes, little-endian, two's complement. */
export const writeMoney: Write<bigint> = (out, value) => {
  if (value > MONEY_UNITS_MAX || value < -MONEY_UNITS_MAX) throw new RowError('money_out_of_range', `${value} units have more than 38 digits`)
  const at = reserve(out, 16)
  out.bytes.writeBigUInt64LE(value & UINT64_MASK, at)
  out.bytes.writeBigInt64LE(value >> 64n, at + 8)
}

export const writeText: Write<string> = (out, value) => {
  // A lone surrogate would become U+FFFD in UTF-8, and the stored text would not be the one that was sent.
  if (!value.isWellFormed()) throw new RowError('text_not_well_formed', 'a text holds half a surrogate pair')
  const count = Buffer.byteLength(value)
  if (count > TEXT_BYTES_MAX) throw new RowError('text_too_long', `a text has ${count} bytes, more than ${TEXT_BYTES_MAX}`)
  writeLength(out, count)
  const at = reserve(out, count)
  out.bytes.write(value, at, count, 'utf8')
}

/** Null is a one, a value is a zero and the value. */
export function writeNullable<T>(write: Write<T>): Write<T | null> {
  return (out, value) => {
    if (value === undefined) throw new RowError('value_missing', 'a field that may be null must still be there')
    writeByte(out, value === null ? 1 : 0)
    if (value !== null) write(out, value)
  }
}

export function writeArray<T>(write: Write<T>): Write<readonly T[]> {
  return (out, values) => {
    writeLength(out, values.length)
    for (const value of values) write(out, value)
  }
}

export const writeTextMap: Write<Readonly<Record<string, string>>> = (out, value) => {
  const entries = Object.entries(value)
  writeLength(out, entries.length)
  for (const [key, text] of entries) {
    writeText(out, key)
    writeText(out, text)
  }
}

/** LEB128. */
function writeLength(out: RowBuffer, length: number): void {
  let rest = length
  while (rest >= 0x80) {
    writeByte(out, (rest & 0x7f) | 0x80)
    rest >>>= 7
  }
  writeByte(out, rest)
}
