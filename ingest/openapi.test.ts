import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { createTestIngest } from '../test/support/ingest-app.ts'

const COMMITTED = new URL('./openapi.json', import.meta.url)

test('the committed description is the one that is served; write it anew with `node test/support/write-ingest-openapi.ts`', async () => {
  const { app } = await createTestIngest()
  const served = (await app.inject('/openapi.json')).json<{ paths: Record<string, object> }>()
  expect(JSON.parse(readFileSync(COMMITTED, 'utf8'))).toEqual(served)
  expect(
    Object.entries(served.paths)
      .flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method} ${path}`))
      .sort(),
  ).toEqual(['get /c/{link_id}', 'get /v1/postbacks/{integration_id}', 'post /v1/clicks', 'post /v1/events', 'post /v1/postbacks/{integration_id}'])
})
