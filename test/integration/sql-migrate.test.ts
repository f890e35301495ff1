import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createNames } from '../../runtime/names.ts'
import { migrate } from '../../sql/migrate.ts'
import { testServices, uniqueNamespace } from '../support/services.ts'
import { createTestWarehouse, quietLog, type TestWarehouse } from '../support/warehouse.ts'

const { clickhouseUrl } = testServices()
const SQL = fileURLToPath(new URL('../../sql', import.meta.url))
let warehouse: TestWarehouse
let dir: string

beforeAll(async () => {
  warehouse = await createTestWarehouse(clickhouseUrl, uniqueNamespace())
  dir = await mkdtemp(join(tmpdir(), 'tributary-sql-'))
  await cp(SQL, dir, { recursive: true, filter: (path) => !path.endsWith('.ts') })
})
afterAll(async () => {
  await warehouse.close()
  await rm(dir, { recursive: true, force: true })
})

it('applies nothing the second time', async () => {
  expect(await migrate({ clickhouseUrl, names: warehouse.names, log: quietLog })).toEqual({ applied: [] })
})

it('applies only what is new', async () => {
  await writeFile(
    join(dir, '900_more.sql'),
    "CREATE TABLE IF NOT EXISTS ${base}.more (a String DEFAULT ';') ENGINE = Memory;\nCREATE VIEW IF NOT EXISTS ${views}.more AS SELECT a FROM ${base}.more;",
  )
  expect(await migrate({ clickhouseUrl, names: warehouse.names, log: quietLog, dir })).toEqual({ applied: ['900_more.sql'] })
  expect(await warehouse.query('SELECT count() AS n FROM {views}.more')).toEqual([{ n: '0' }])
})

it('refuses a migration that was applied and edited, and one that is gone', async () => {
  await writeFile(join(dir, '900_more.sql'), 'SELECT 1;')
  await expect(migrate({ clickhouseUrl, names: warehouse.names, log: quietLog, dir })).rejects.toThrow(/900_more.sql was applied and has been edited/)
  await rm(join(dir, '900_more.sql'))
  await expect(migrate({ clickhouseUrl, names: warehouse.names, log: quietLog, dir })).rejects.toThrow(/900_more.sql was applied and its file is gone/)
})

it('runs a migration again that failed half way', async () => {
  const names = createNames(uniqueNamespace())
  const half = await mkdtemp(join(tmpdir(), 'tributary-sql-'))
  const table = 'CREATE TABLE IF NOT EXISTS ${base}.t (a String) ENGINE = Memory;'
  await writeFile(join(half, '001_t.sql'), `${table}\nSELECT no_such_function();`)
  await expect(migrate({ clickhouseUrl, names, log: quietLog, dir: half })).rejects.toThrow(/001_t.sql, statement 2/)
  await writeFile(join(half, '001_t.sql'), table)
  expect(await migrate({ clickhouseUrl, names, log: quietLog, dir: half })).toEqual({ applied: ['001_t.sql'] })
  for (const name of ['tributary', 'tributary_v1']) await warehouse.client.command({ query: `DROP DATABASE ${names.database(name)} SYNC` })
  await rm(half, { recursive: true, force: true })
})

it('says of every table, view and column what it holds', async () => {
  const databases = `database IN ('${warehouse.names.database('tributary')}', '${warehouse.names.database('tributary_v1')}') AND comment = ''`
  const silent = await warehouse.query(
    `SELECT concat(table, '.', name) AS what FROM system.columns WHERE ${databases} AND table NOT LIKE '%\\_mv' AND table != 'more'
     UNION ALL
     SELECT name AS what FROM system.tables WHERE ${databases} AND what NOT LIKE '%\\_mv' AND what != 'more'`,
  )
  expect(silent).toEqual([])
})

it('gives every base table and target of a view a window of remembered inserts', async () => {
  const open = await warehouse.query(
    `SELECT name FROM system.tables WHERE database = '${warehouse.names.database('tributary')}' AND engine LIKE '%MergeTree' AND name != 'migrations'
       AND create_table_query NOT LIKE '%non_replicated_deduplication_window = 10000%'`,
  )
  expect(open).toEqual([])
})
