import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** An Avro schema as it stands in a file; `closed` and `values` mark a string that takes only these values. */
export type AvroSchema = string | AvroSchema[] | AvroObject
export type AvroObject = {
  type: AvroSchema
  logicalType?: string
  name?: string
  namespace?: string
  doc?: string
  symbols?: string[]
  items?: AvroSchema
  values?: AvroSchema | string[]
  closed?: string
  fields?: AvroField[]
}
export type AvroField = { name: string; type: AvroSchema; doc?: string; default?: unknown }
export type AvroRecord = AvroObject & { name: string; namespace: string; fields: AvroField[] }

const AVRO_FOLDER = join(import.meta.dirname, 'avro')

/** Reads `avro/<Record>.avsc`, every record after the records it names. */
export function readSchemas(): AvroRecord[] {
  const files = readdirSync(AVRO_FOLDER)
    .filter((file) => file.endsWith('.avsc'))
    .sort()
  const records = files.map((file) => JSON.parse(readFileSync(join(AVRO_FOLDER, file), 'utf8')) as AvroRecord)
  return inDependencyOrder(records)
}

/** Reads `ids.json`: the id of each current record by its name, and of each retired version as `<Record>@<n>`. */
export function readIds(): Record<string, number> {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'ids.json'), 'utf8')) as Record<string, number>
}

/** Reads `avro/retired/<Record>@<n>.avsc`, a schema that stands on its own. */
export function readRetiredSchema(version: string): AvroRecord {
  return JSON.parse(readFileSync(join(AVRO_FOLDER, 'retired', `${version}.avsc`), 'utf8')) as AvroRecord
}

function inDependencyOrder(records: AvroRecord[]): AvroRecord[] {
  const byName = new Map(records.map((record) => [record.name, record]))
  const ordered = new Set<AvroRecord>()
  const visit = (record: AvroRecord): void => {
    for (const name of namesIn(record.fields.map((field) => field.type))) {
      const needed = byName.get(name)
      if (needed !== undefined && !ordered.has(needed)) visit(needed)
    }
    ordered.add(record)
  }
  records.forEach(visit)
  return [...ordered]
}

/** Every type name that a schema refers to. */
export function namesIn(schema: AvroSchema | undefined): string[] {
  if (schema === undefined) return []
  if (typeof schema === 'string') return [schema]
  if (Array.isArray(schema)) return schema.flatMap(namesIn)
  return schema.type === 'array' ? namesIn(schema.items) : []
}
