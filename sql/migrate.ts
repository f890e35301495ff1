import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { ClickHouseClient } from '@clickhouse/client'
import { createClickHouse } from '../runtime/clickhouse.ts'
import type { Log } from '../runtime/log.ts'
import type { Names } from '../runtime/names.ts'
import { statementsOf } from './statements.ts'

export type Migration = { name: string; checksum: string; statements: string[] }

/** A migration that was applied reads differently now, or is gone: what the database holds can no longer be told from the files. */
export class MigrationError extends Error {
  readonly code: 'edited' | 'missing' | 'unknown_name' | 'failed'
  constructor(code: MigrationError['code'], message: string, options?: { cause: unknown }) {
    super(message, options)
    this.name = 'MigrationError'
    this.code = code
  }
}

const FILE_NAME = /^[0-9]{3}_[a-z0-9_]+\.sql$/

/**
 * Brings the database to the state of the files: creates both databases, applies what is new in the order of the names,
 * remembers each file's checksum. Running it again does nothing; a file that failed half way is run again from its
 * start, so every statement says IF NOT EXISTS.
 * @throws MigrationError when an applied file was edited or removed
 */
export async function migrate(options: { clickhouseUrl: string; names: Names; log: Log; dir?: string }): Promise<{ applied: string[] }> {
  const base = options.names.database('tributary')
  const views = options.names.database('tributary_v1')
  const migrations = await migrationsFrom(options.dir ?? import.meta.dirname, { base, views })
  const client = createClickHouse(options.clickhouseUrl)
  try {
    for (const database of [base, views]) await client.command({ query: `CREATE DATABASE IF NOT EXISTS ${database}` })
    await client.command({ query: checksumTable(base) })
    const known = await checksumsOf(client, base)
    refuseEdits(migrations, known)
    const applied: string[] = []
    for (const migration of migrations) {
      if (known.has(migration.name)) continue
      await apply(client, base, migration)
      applied.push(migration.name)
      options.log.info({ migration: migration.name, database: base }, 'migration applied')
    }
    return { applied }
  } finally {
    await client.close()
  }
}

function checksumTable(base: string): string {
  return `CREATE TABLE IF NOT EXISTS ${base}.migrations
(
  name       String COMMENT 'File name',
  checksum   String COMMENT 'SHA-256 of the file, hex',
  applied_at DateTime64(3, 'UTC') DEFAULT now64(3) COMMENT 'When it was applied'
)
ENGINE = ReplacingMergeTree ORDER BY name
COMMENT 'Migrations that were applied'`
}

async function migrationsFrom(dir: string, databases: { base: string; views: string }): Promise<Migration[]> {
  const names = (await readdir(dir)).filter((name) => name.endsWith('.sql')).sort()
  return Promise.all(
    names.map(async (name) => {
      if (!FILE_NAME.test(name)) throw new MigrationError('unknown_name', `${name} is no migration: the name must read like 003_what_it_does.sql`)
      const text = await readFile(join(dir, name), 'utf8')
      return { name, checksum: createHash('sha256').update(text).digest('hex'), statements: statementsOf(text, databases) }
    }),
  )
}

async function checksumsOf(client: ClickHouseClient, base: string): Promise<Map<string, string>> {
  const result = await client.query({ query: `SELECT name, checksum FROM ${base}.migrations FINAL`, format: 'JSONEachRow' })
  const rows = await result.json<{ name: string; checksum: string }>()
  return new Map(rows.map((row) => [row.name, row.checksum]))
}

function refuseEdits(migrations: Migration[], known: Map<string, string>) {
  const files = new Map(migrations.map((migration) => [migration.name, migration.checksum]))
  for (const [name, checksum] of known) {
    const now = files.get(name)
    if (now === undefined) throw new MigrationError('missing', `${name} was applied and its file is gone: bring it back`)
    if (now !== checksum) throw new MigrationError('edited', `${name} was applied and has been edited since: undo that and add a new file`)
  }
}

async function apply(client: ClickHouseClient, base: string, migration: Migration) {
  for (const [index, query] of migration.statements.entries()) {
    try {
      await client.command({ query })
    } catch (cause) {
      throw new MigrationError('failed', `${migration.name}, statement ${index + 1}: ${query.slice(0, 80).replace(/\s+/g, ' ')}`, { cause })
    }
  }
  await client.command({
    query: `INSERT INTO ${base}.migrations (name, checksum) SELECT {name: String}, {checksum: String}`,
    query_params: { name: migration.name, checksum: migration.checksum },
  })
}
