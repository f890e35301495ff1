import { writeFileSync } from 'node:fs'
import { schemaFileText } from './json-schema.ts'
import { listNames } from './lists.ts'

/** Writes the JSON Schemas for editors: node catalog/write-schemas.ts, after a change of lists.ts. */
for (const name of listNames) writeFileSync(new URL(`./schema/${name}.json`, import.meta.url), schemaFileText(name))
