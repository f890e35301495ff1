import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { statementsOf } from './statements.ts'

const databases = { base: 'b', views: 'v' }

it('splits at semicolons, but not inside of quotes and comments', () => {
  const text = "-- one; two\nSELECT ';', 'it''s', '\\';' FROM `a;b` -- three;\n;\n\nSELECT 4 - 3;;"
  expect(statementsOf(text, databases)).toEqual(["SELECT ';', 'it''s', '\\';' FROM `a;b`", 'SELECT 4 - 3'])
})

it('puts the names of the databases in and refuses other placeholders', () => {
  expect(statementsOf('SELECT * FROM ${base}.t, ${views}.u', databases)).toEqual(['SELECT * FROM b.t, v.u'])
  expect(() => statementsOf('SELECT ${other}', databases)).toThrow(/\$\{other\} is no placeholder/)
})

it('lets every statement of a migration be run twice, and none name a database of its own', () => {
  for (const name of readdirSync(import.meta.dirname).filter((file) => file.endsWith('.sql'))) {
    for (const statement of statementsOf(readFileSync(join(import.meta.dirname, name), 'utf8'), databases)) {
      expect(statement, name).toMatch(/^CREATE (TABLE|VIEW|MATERIALIZED VIEW) IF NOT EXISTS [bv]\./)
      expect(statement, name).not.toMatch(/\b(default|tributary|tributary_v1)\./)
    }
  }
})
