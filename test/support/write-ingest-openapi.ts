import { writeFileSync } from 'node:fs'
import { createTestIngest } from './ingest-app.ts'

/** Writes openapi.json from the schemas of the routes. */
const { app } = await createTestIngest()
const { body } = await app.inject('/openapi.json')
writeFileSync(new URL('../../ingest/openapi.json', import.meta.url), `${JSON.stringify(JSON.parse(body), null, 2)}\n`)
