import type { Type } from 'avsc'
import { avroTypesFromSchemas, writerTypeFromSchema } from './avro-types.ts'
import { wireChecksFromSchemas } from './check-wire.ts'
import { CodecError } from './codec-error.ts'
import { readIds, readRetiredSchema, readSchemas } from './read-schemas.ts'
import type { AvroRecord } from './read-schemas.ts'
import type { RecordTypes } from './records.generated.ts'

export { CodecError } from './codec-error.ts'
export type { CodecErrorCode } from './codec-error.ts'

/** Turns records into bytes and back; both throw only `CodecError`. */
export type Codec<T> = { name: string; id: number; encode(value: T): Buffer; decode(bytes: Buffer): T }
export type Codecs = { [Name in keyof RecordTypes]: Codec<RecordTypes[Name]> }

/** Confluent wire format: a zero byte, the schema id in four bytes big-endian, the Avro body. */
const MAGIC = 0
const HEADER_BYTES = 5
/** Clients send messages of a million bytes by default: this leaves room for the key, and fails here and not there. */
export const RECORD_BYTES_MAX = 900_000

/** How the bytes of one writer are read. */
type Reader = { checkBody: (body: Buffer) => void; resolver: ReturnType<Type['createResolver']> | undefined }

/** One codec for each record. */
export const codecs = createCodecs(readSchemas(), readIds(), readRetiredSchema)

/** Builds the codecs of `schemas`, given in dependency order; each also reads the retired versions that `ids` names. */
export function createCodecs(schemas: AvroRecord[], ids: Record<string, number>, retiredSchema: (version: string) => AvroRecord): Codecs {
  const types = avroTypesFromSchemas(schemas)
  const checks = wireChecksFromSchemas(schemas)
  const codecOf = (name: string, type: Type): Codec<unknown> => {
    const id = ids[name]
    if (id === undefined) throw new Error(`ids.json has no id for ${name}`)
    const readers = new Map<number, Reader>([[id, { checkBody: checks.get(name)!, resolver: undefined }]])
    for (const version of Object.keys(ids).filter((version) => version.startsWith(`${name}@`))) {
      readers.set(ids[version]!, retiredReader(type, retiredSchema(version)))
    }
    return createCodec(name, id, type, readers)
  }
  return Object.fromEntries([...types].map(([name, type]) => [name, codecOf(name, type)])) as Codecs
}

function retiredReader(type: Type, schema: AvroRecord): Reader {
  return {
    checkBody: wireChecksFromSchemas([schema]).get(schema.name)!,
    resolver: type.createResolver(writerTypeFromSchema(schema)),
  }
}

/** Writes `type` under `id`, reads whatever `readers` knows. */
function createCodec(name: string, id: number, type: Type, readers: Map<number, Reader>): Codec<unknown> {
  return {
    name,
    id,
    encode: (value) => {
      const bytes = encodeBehindHeader(name, type, value)
      bytes[0] = MAGIC
      bytes.writeUInt32BE(id, 1)
      return bytes
    },
    decode: (bytes) => {
      const reader = readers.get(schemaIdOf(bytes))
      if (reader === undefined) throw new CodecError('unknown_schema', `${name} has no schema with the id ${schemaIdOf(bytes)}`)
      return decodeBody(name, type, reader, bytes.subarray(HEADER_BYTES))
    },
  }
}

/** Shared by all codecs: encoding is synchronous. It grows to the largest record seen. */
let scratch: Buffer = Buffer.alloc(16 * 1024)

function encodeBehindHeader(name: string, type: Type, value: unknown): Buffer {
  let end = encodeInto(scratch, name, type, value)
  if (end < 0) {
    // avsc tells by how many bytes it overran.
    const neededBytes = scratch.length - end
    if (neededBytes > RECORD_BYTES_MAX) throw new CodecError('too_long', `${name} has ${neededBytes} bytes, more than ${RECORD_BYTES_MAX}`)
    scratch = Buffer.alloc(neededBytes * 2)
    end = encodeInto(scratch, name, type, value)
  }
  if (end > RECORD_BYTES_MAX) throw new CodecError('too_long', `${name} has ${end} bytes, more than ${RECORD_BYTES_MAX}`)
  return Buffer.from(scratch.subarray(0, end))
}

function encodeInto(target: Buffer, name: string, type: Type, value: unknown): number {
  try {
    return type.encode(value, target, HEADER_BYTES)
  } catch {
    // avsc's own message quotes the value, which may be personal; the path says enough.
    throw new CodecError('invalid_value', `${name}${invalidPath(type, value)} has a value that the schema does not allow`)
  }
}

function invalidPath(type: Type, value: unknown): string {
  let first: string[] | null = null
  type.isValid(value, { errorHook: (path) => void (first ??= path.slice()) })
  return ['', ...(first ?? [])].join('.')
}

function schemaIdOf(bytes: Buffer): number {
  if (bytes.length < HEADER_BYTES) throw new CodecError('too_short', `${bytes.length} bytes are less than the header`)
  if (bytes[0] !== MAGIC) throw new CodecError('wrong_magic', `the first byte is ${bytes[0]}, not ${MAGIC}`)
  return bytes.readUInt32BE(1)
}

function decodeBody(name: string, type: Type, { checkBody, resolver }: Reader, body: Buffer): unknown {
  checkBody(body)
  try {
    return type.fromBuffer(body, resolver as never)
  } catch (error) {
    throw new CodecError('invalid_bytes', `${name}: ${(error as Error).message}`)
  }
}
