import avro from 'avsc'
import type { AvroObject, AvroRecord, AvroSchema } from './read-schemas.ts'

const { Type, types } = avro

/** avsc computes a long in floating point: below LONG_MIN it writes another number without an error. */
export const LONG_MIN = -(2 ** 52)
/** The largest long that avsc takes. */
export const LONG_MAX = Number.MAX_SAFE_INTEGER - 1

/** Bounds of decimal(38,8) in units of 10^-8. */
export const MONEY_MAX = 10n ** 38n - 1n
const MONEY_BYTES_MAX = 16

function isLong(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= LONG_MIN && (value as number) <= LONG_MAX
}

/** A lone surrogate has no UTF-8 form: it would come back as another string. */
function isText(value: unknown): boolean {
  return typeof value === 'string' && value.isWellFormed()
}

/** A primitive that also passes a check in both directions; undefined means "not of this type" to avsc. */
class CheckedType extends types.LogicalType {
  private readonly isValidValue: (value: unknown) => boolean

  constructor(primitive: string, isValidValue: (value: unknown) => boolean) {
    super({ type: primitive, logicalType: `checked-${primitive}` } as never)
    this.isValidValue = isValidValue
  }

  protected override _fromValue(value: unknown): unknown {
    if (!this.isValidValue(value)) throw new Error('value is outside its bounds')
    return value
  }

  protected override _toValue(value: unknown): unknown {
    return this.isValidValue(value) ? value : undefined
  }

  protected override _resolve(writer: avro.Type): ((value: unknown) => unknown) | undefined {
    const isReadable = PROMOTIONS[this.underlyingType.typeName]?.includes(writer.typeName)
    return isReadable ? (value) => this._fromValue(value) : undefined
  }
}

/** What each primitive can be read from. */
const PROMOTIONS: Record<string, string[]> = { long: ['long', 'int'], double: ['double', 'long', 'int'], string: ['string'] }

/** bytes decimal(38,8) <-> bigint units of 10^-8. */
class MoneyType extends types.LogicalType {
  constructor() {
    super({ type: 'bytes', logicalType: 'decimal' } as never)
  }

  protected override _fromValue(bytes: Buffer): bigint {
    return moneyFromBytes(bytes)
  }

  protected override _toValue(units: unknown): Buffer | undefined {
    return isMoney(units) ? bytesFromMoney(units) : undefined
  }

  protected override _resolve(writer: avro.Type): ((bytes: Buffer) => bigint) | undefined {
    return writer.typeName === 'bytes' ? moneyFromBytes : undefined
  }
}

function isMoney(units: unknown): units is bigint {
  return typeof units === 'bigint' && units >= -MONEY_MAX && units <= MONEY_MAX
}

function moneyFromBytes(bytes: Buffer): bigint {
  if (bytes.length === 0 || bytes.length > MONEY_BYTES_MAX) throw new Error('a decimal has 1 to 16 bytes')
  const units = BigInt.asIntN(bytes.length * 8, BigInt(`0x${bytes.toString('hex')}`))
  if (!isMoney(units)) throw new Error('a decimal has at most 38 digits')
  return units
}

/** Big-endian two's complement in as few bytes as hold the sign. */
function bytesFromMoney(units: bigint): Buffer {
  const magnitude = units < 0n ? -units - 1n : units
  const byteCount = Math.floor(magnitude.toString(2).length / 8) + 1
  const hex = BigInt.asUintN(byteCount * 8, units)
    .toString(16)
    .padStart(byteCount * 2, '0')
  return Buffer.from(hex, 'hex')
}

/**
 * A map, written as the array of pairs that it is on the wire. avsc builds an object by assignment, which loses a
 * key named `__proto__`, and such names arrive in click links.
 */
class MapType extends types.LogicalType {
  constructor() {
    super({ ...pairsSchema, logicalType: 'pairs' } as never, { typeHook } as never)
  }

  protected override _fromValue(pairs: Pair[]): Record<string, string> {
    return mapFromPairs(pairs)
  }

  protected override _toValue(map: unknown): Pair[] | undefined {
    if (map === null || typeof map !== 'object' || Array.isArray(map)) return undefined
    return Object.entries(map as Record<string, string>).map(([key, value]) => ({ key, value }))
  }

  protected override _resolve(writer: avro.Type): ((pairs: Pair[]) => Record<string, string>) | undefined {
    return writer.typeName === 'array' ? mapFromPairs : undefined
  }
}

type Pair = { key: string; value: string }

const pairsSchema = {
  type: 'array',
  items: {
    type: 'record',
    name: 'Pair',
    fields: [
      { name: 'key', type: 'string' },
      { name: 'value', type: 'string' },
    ],
  },
}

function mapFromPairs(pairs: Pair[]): Record<string, string> {
  const map: Record<string, string> = {}
  for (const { key, value } of pairs) {
    if (key === '__proto__') Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true })
    else map[key] = value
  }
  return map
}

const longType = new CheckedType('long', isLong)
const doubleType = new CheckedType('double', Number.isFinite)
const stringType = new CheckedType('string', isText)
const moneyType = new MoneyType()

function typeHook(schema: AvroSchema): avro.Type | undefined {
  const name = typeof schema === 'string' ? schema : Array.isArray(schema) ? null : schema.type
  if (name === 'long') return longType
  if (name === 'double') return doubleType
  if (name === 'string') return isClosedString(schema) ? closedString(schema.values) : stringType
  if (name === 'bytes') return moneyType
  if (name === 'map') return mapType
  return undefined
}

function isClosedString(schema: AvroSchema): schema is AvroObject & { values: string[] } {
  return typeof schema === 'object' && !Array.isArray(schema) && schema.closed !== undefined && Array.isArray(schema.values)
}

function closedString(values: string[]): avro.Type {
  const allowed = new Set<unknown>(values)
  return new CheckedType('string', (value) => allowed.has(value))
}

const mapType = new MapType()

/** Builds the types that our values are written and read as, of records that are given in dependency order. */
export function avroTypesFromSchemas(schemas: AvroRecord[]): Map<string, avro.Type> {
  const registry = {}
  return new Map(schemas.map((schema) => [schema.name, avroType(schema, { registry, typeHook, wrapUnions: 'never' })]))
}

/** Builds the type that old bytes were written as. It only reads what the current type then takes over. */
export function writerTypeFromSchema(schema: AvroRecord): avro.Type {
  return avroType(schema, { typeHook: pairsForMap, wrapUnions: 'never' })
}

const pairsType = Type.forSchema(pairsSchema as never)

function pairsForMap(schema: AvroSchema): avro.Type | undefined {
  return typeof schema === 'object' && !Array.isArray(schema) && schema.type === 'map' ? pairsType : undefined
}

function avroType(schema: AvroRecord, options: object): avro.Type {
  return Type.forSchema(schema as never, options as never)
}
