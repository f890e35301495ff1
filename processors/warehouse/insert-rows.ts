import { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import type { Log } from '../../runtime/log.ts'
import { messageOf } from '../../runtime/lifecycle.ts'
import type { Insert } from './rows.ts'

export type InsertRows = (insert: Insert, token: string) => Promise<void>

const RETRY_DELAY_MS_MIN = 100
const RETRY_DELAY_MS_MAX = 2_000
/** Longer than the engine takes to come back after it was killed. */
const RETRY_FOR_MS = 45_000

/**
 * Stores rows, the same bytes under the same token until the engine has answered: an answer that was lost on the way is
 * asked for again, and what is there already is left as it is. Throws when the engine stays away; the plan is then
 * replayed by whoever owns the partitions next.
 */
export function createInsertRows(options: { client: ClickHouseClient; database: string; log: Log; stopping: AbortSignal }): InsertRows {
  return async (insert, token) => {
    const deadlineMs = Date.now() + RETRY_FOR_MS
    for (let delayMs = RETRY_DELAY_MS_MIN; ; delayMs = Math.min(2 * delayMs, RETRY_DELAY_MS_MAX)) {
      try {
        await attempt(options.client, options.database, insert, token)
        return
      } catch (error) {
        if (options.stopping.aborted || Date.now() + delayMs > deadlineMs)
          throw new Error(`${insert.table}: ${insert.rows} rows could not be stored`, { cause: error })
        options.log.warn({ table: insert.table, rows: insert.rows, error: messageOf(error) }, 'an insert failed: trying again')
      }
      await sleep(delayMs)
    }
  }
}

async function attempt(client: ClickHouseClient, database: string, insert: Insert, token: string): Promise<void> {
  const columns = insert.columns.map((column) => `\`${column}\``).join(', ')
  const { stream } = await client.exec({
    query: `INSERT INTO ${database}.${insert.table} (${columns}) FORMAT RowBinary`,
    values: Readable.from([insert.bytes], { objectMode: false }),
    clickhouse_settings: {
      // Stated one by one, since their defaults have changed between versions of the engine.
      async_insert: 0,
      insert_deduplicate: 1,
      insert_deduplication_token: token,
      deduplicate_blocks_in_dependent_materialized_views: 1,
      // An error after the first byte of the answer would not be seen.
      wait_end_of_query: 1,
    },
  })
  for await (const _ of stream) {
    // The connection is free again only when its answer was read.
  }
}
