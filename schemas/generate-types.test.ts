import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { typesFromSchemas } from './generate-types.ts'
import { readSchemas } from './read-schemas.ts'
import type { AvroSchema } from './read-schemas.ts'

const fields = readSchemas().flatMap((schema) => schema.fields.map((field) => ({ at: `${schema.name}.${field.name}`, ...field })))
const isNullable = (type: AvroSchema): boolean => Array.isArray(type) && type[0] === 'null'

test('the generated types are those of the schemas', () => {
  const generated = readFileSync(join(import.meta.dirname, 'records.generated.ts'), 'utf8')
  expect(generated).toBe(typesFromSchemas(readSchemas()))
})

test('every record is in the namespace of version 1 and says what it is', () => {
  for (const schema of readSchemas()) expect(schema).toMatchObject({ namespace: 'tributary.v1', doc: expect.stringMatching(/^.{10,}\.$/) })
})

test('every field says what it holds', () => {
  expect(fields.filter(({ doc = '' }) => doc.length < 8).map(({ at }) => at)).toEqual([])
})

test('every time says its unit', () => {
  const isTime = ({ type }: { type: AvroSchema }): boolean => JSON.stringify(type).includes('timestamp-millis')
  expect(
    fields
      .filter(isTime)
      .filter(({ doc }) => !/ms since 1970|when|time/i.test(doc!))
      .map(({ at }) => at),
  ).toEqual([])
})

test('every field that may be missing is null by default', () => {
  expect(fields.filter(({ type, default: value }) => isNullable(type) !== (value === null)).map(({ at }) => at)).toEqual([])
})

test('all money is decimal(38,8) and all time is timestamp-millis', () => {
  const logical = (schema: AvroSchema): AvroSchema[] => {
    if (Array.isArray(schema)) return schema.flatMap(logical)
    return typeof schema === 'object' && (schema.logicalType !== undefined || schema.type === 'bytes') ? [schema] : []
  }
  for (const schema of fields.flatMap(({ type }) => logical(type))) {
    expect([
      { type: 'long', logicalType: 'timestamp-millis' },
      { type: 'bytes', logicalType: 'decimal', precision: 38, scale: 8 },
    ]).toContainEqual(schema)
  }
})

test('a list of values that is named twice with other values does not generate', () => {
  const field = (values: string[]) => ({ name: 'a', type: { type: 'string', closed: 'Word', values } })
  const record = { type: 'record', name: 'R', namespace: 'n', fields: [field(['x']), field(['y'])] }
  expect(() => typesFromSchemas([record])).toThrow('Word has two lists of values')
})
