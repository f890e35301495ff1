import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { decimalFromText } from './money.ts'
import type { RecordTypes } from './records.generated.ts'

const FOLDER = join(import.meta.dirname, 'examples')
const MONEY_FIELDS = new Set(['amount', 'lots'])

/** Reads the examples of a record, for tests: the first with every field set, the second with as little as may be. */
export function exampleRecords<Name extends keyof RecordTypes>(name: Name): [RecordTypes[Name], RecordTypes[Name]] {
  return JSON.parse(readFileSync(join(FOLDER, `${name}.json`), 'utf8'), moneyFromJson)
}

/** The records that have examples. */
export function exampleNames(): string[] {
  return readdirSync(FOLDER).map((file) => file.replace(/\.json$/, ''))
}

function moneyFromJson(name: string, value: unknown): unknown {
  return MONEY_FIELDS.has(name) && typeof value === 'string' ? decimalFromText(value, 8, 'signed') : value
}
