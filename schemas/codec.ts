import type { Type } from 'avsc'
import { avroTypesFromSchemas } from './avro-types.ts'
import { CodecError } from './codec-error.ts'
import { readIds, readRetiredSchema, readSchemas } from './read-schemas.ts'
import type { AvroRecord } from './read-schemas.ts'
import type { RecordTypes } from './records.generated.ts'

export { CodecError } from './codec-error.ts'
export type { CodecErrorCode } from './codec-error.ts'

/** Turns records into bytes and back; both throw only `CodecError`. */
export type Codec<T> = { name: string; id: number; encode(value: T): Buffer; decode(bytes: Buffer): T }

/** Confluent wire format: a zero byte, the schema id in four bytes big-endian, the Avro body. */
const MAGIC = 0
const HEADER_BYTES = 5
/** More than the largest message a topic takes, so that a defect shows here and not in the broker. */
const RECORD_BYTES_MAX = 4 * 1024 * 1024

let scratch: Buffer = Buffer.alloc(16 * 1024)

type Reader = { type: Type; resolver: unknown }

/** Builds a codec that writes `type` under `id` and reads every id in `readers`. */
function createCodec<T>(name: string, id: number, type: Type, readers: Map<number, Reader>): Codec<T> {
  return {
    name,
    id,
    encode: (value) => encode(type, id, value),
    decode: (bytes) => decode(type, readers, bytes) as T,
  }
}

function encode(type: Type, id: number, value: unknown): Buffer {
  for (;;) {
    const end = encodeInto(scratch, type, value)
    if (end >= 0) {
      scratch[0] = MAGIC
      scratch.writeUInt32BE(id, 1)
      return Buffer.from(scratch.subarray(0, end))
    }
    if (scratch.length - end > RECORD_BYTES_MAX) throw new CodecError('too_long', `the record has more than ${RECORD_BYTES_MAX} bytes`)
    scratch = Buffer.alloc(Math.min(RECORD_BYTES_MAX, 2 * (scratch.length - end)))
  }
}

function encodeInto(target: Buffer, type: Type, value: unknown): number {
  try {
    return type.encode(value, target, HEADER_BYTES)
  } catch (error) {
    throw new CodecError('invalid_value', (error as Error).message, error)
  }
}

function decode(type: Type, readers: Map<number, Reader>, bytes: Buffer): unknown {
  if (bytes.length < HEADER_BYTES) throw new CodecError('too_short', `${bytes.length} bytes are less than the header`)
  if (bytes[0] !== MAGIC) throw new CodecError('wrong_magic', `the first byte is ${bytes[0]}, not 0`)
  const id = bytes.readUInt32BE(1)
  const reader = readers.get(id)
  if (reader === undefined) throw new CodecError('unknown_schema', `no schema has the id ${id}`)
  try {
    return type.fromBuffer(bytes.subarray(HEADER_BYTES), reader.resolver as never)
  } catch (error) {
    throw new CodecError('invalid_bytes', (error as Error).message, error)
  }
}

export function createCodecs(schemas: AvroRecord[], ids: Record<string, number>, retired: (version: string) => AvroRecord): Record<string, Codec<unknown>> {
  const types = avroTypesFromSchemas(schemas)
  const codecs: Record<string, Codec<unknown>> = {}
  for (const [name, type] of types) {
    const id = ids[name]
    if (id === undefined) throw new Error(`ids.json has no id for ${name}`)
    const readers = new Map<number, Reader>([[id, { type, resolver: undefined }]])
    for (const [version, retiredId] of Object.entries(ids)) {
      if (!version.startsWith(`${name}@`)) continue
      const writer = avroTypesFromSchemas([retired(version)]).get(name)!
      readers.set(retiredId, { type: writer, resolver: type.createResolver(writer) })
    }
    codecs[name] = createCodec(name, id, type, readers)
  }
  return codecs
}

/** One codec for each record. */
export const codecs = createCodecs(readSchemas(), readIds(), readRetiredSchema) as { [Name in keyof RecordTypes]: Codec<RecordTypes[Name]> }
