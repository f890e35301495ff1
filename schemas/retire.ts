import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { namesIn, readIds, readSchemas } from './read-schemas.ts'
import type { AvroRecord, AvroSchema } from './read-schemas.ts'

/** The schemas that stop being current when a record changes, each under the name of its file, and the new ids. */
export type Retirement = { retired: Record<string, AvroRecord>; ids: Record<string, number> }

/** Retires the current version of `name`, and of every record that holds it: their bytes change with it. */
export function retirementOf(name: string, schemas: AvroRecord[], ids: Record<string, number>): Retirement {
  if (ids[name] === undefined) throw new Error(`there is no record ${name}`)
  const byName = new Map(schemas.map((schema) => [schema.name, schema]))
  const retirement: Retirement = { retired: {}, ids: { ...ids } }
  for (const holder of holdersOf(name, schemas)) {
    const version = `${holder}@${Object.keys(ids).filter((key) => key.startsWith(`${holder}@`)).length + 1}`
    retirement.retired[version] = inlined(byName.get(holder)!, byName, new Set([holder])) as AvroRecord
    retirement.ids[version] = ids[holder]!
    retirement.ids[holder] = Math.max(...Object.values(retirement.ids)) + 1
  }
  return retirement
}

/** The record and, as the schemas come in dependency order, everything that holds it however deep. */
function holdersOf(name: string, schemas: AvroRecord[]): Set<string> {
  const holders = new Set([name])
  for (const schema of schemas) {
    const needed = schema.fields.flatMap((field) => namesIn(field.type))
    if (needed.some((type) => holders.has(type))) holders.add(schema.name)
  }
  return holders
}

/** The schema with every record it names written out where it is named first, so that it stands on its own. */
function inlined(schema: AvroSchema, byName: Map<string, AvroRecord>, written: Set<string>): AvroSchema {
  if (Array.isArray(schema)) return schema.map((branch) => inlined(branch, byName, written))
  if (typeof schema === 'string') {
    const record = byName.get(schema)
    if (record === undefined || written.has(schema)) return schema
    written.add(schema)
    return inlined(record, byName, written)
  }
  if (schema.type === 'array') return { ...schema, items: inlined(schema.items!, byName, written) }
  if (schema.fields === undefined) return schema
  return { ...schema, fields: schema.fields.map((field) => ({ ...field, type: inlined(field.type, byName, written) })) }
}

function retire(name: string): void {
  const folder = join(import.meta.dirname, 'avro', 'retired')
  const { retired, ids } = retirementOf(name, readSchemas(), readIds())
  mkdirSync(folder, { recursive: true })
  for (const [version, schema] of Object.entries(retired)) {
    writeFileSync(join(folder, `${version}.avsc`), `${JSON.stringify(schema, null, 2)}\n`)
  }
  writeFileSync(join(import.meta.dirname, 'ids.json'), `${JSON.stringify(ids, null, 2)}\n`)
}

if (import.meta.main) retire(process.argv[2] ?? '')
