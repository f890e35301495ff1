import fc from 'fast-check'
import { LONG_MAX, LONG_MIN, MONEY_MAX } from './avro-types.ts'
import { readSchemas } from './read-schemas.ts'
import type { AvroRecord, AvroSchema } from './read-schemas.ts'
import type { RecordTypes } from './records.generated.ts'

const schemasByName = new Map(readSchemas().map((schema) => [schema.name, schema]))
const text = fc.string({ unit: 'grapheme', maxLength: 80 })

const primitives: Record<string, fc.Arbitrary<unknown>> = {
  null: fc.constant(null),
  boolean: fc.boolean(),
  int: fc.integer(),
  long: fc.oneof(
    fc.integer(),
    fc.maxSafeInteger().filter((value) => value >= LONG_MIN && value <= LONG_MAX),
    fc.constantFrom(LONG_MIN, LONG_MAX),
  ),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }),
  string: text,
  bytes: fc.oneof(fc.bigInt(-(2n ** 70n), 2n ** 70n), fc.bigInt(-MONEY_MAX, MONEY_MAX)),
}

/** Any valid value of a record, for property tests. */
export function arbitraryRecord<Name extends keyof RecordTypes>(name: Name): fc.Arbitrary<RecordTypes[Name]> {
  return arbitraryOf(schemasByName.get(name)!) as fc.Arbitrary<RecordTypes[Name]>
}

function arbitraryOf(schema: AvroSchema): fc.Arbitrary<unknown> {
  if (typeof schema === 'string') return primitives[schema] ?? arbitraryOf(schemasByName.get(schema)!)
  if (Array.isArray(schema)) return fc.oneof(...schema.map(arbitraryOf))
  if (schema.fields !== undefined) return fields(schema as AvroRecord)
  if (schema.symbols !== undefined) return fc.constantFrom(...schema.symbols)
  if (schema.closed !== undefined) return fc.constantFrom(...(schema.values as string[]))
  if (schema.type === 'array') return fc.array(arbitraryOf(schema.items!), { maxLength: 5 })
  if (schema.type === 'map') return fc.dictionary(fc.oneof(text, fc.constantFrom('__proto__', 'constructor')), text, { maxKeys: 5, noNullPrototype: true })
  return arbitraryOf(schema.type)
}

function fields(schema: AvroRecord): fc.Arbitrary<unknown> {
  return fc.record(Object.fromEntries(schema.fields.map((field) => [field.name, arbitraryOf(field.type)])))
}
