import type { ClickHouseClient } from '@clickhouse/client'

export type Row = Record<string, unknown>

/** Reads the public views as JSON values: times in RFC 3339 with milliseconds, money as decimal strings, counts as numbers. */
export type Reader = {
  rows<T extends object = Row>(sql: string, params?: Record<string, unknown>): Promise<T[]>
  /** Resolves when the store answers and carries the views. */
  check(): Promise<void>
}

const QUERY_SECONDS_MAX = 20
const CHECK_TIMEOUT_MS = 2_000
const VIEW_CHECKED = 'receipts'

/** No count or offset here passes 2^53, so integers come as JSON numbers; decimals stay text, since a number would lose digits. */
const SETTINGS = {
  output_format_json_quote_decimals: 1,
  output_format_json_quote_64bit_integers: 0,
  date_time_output_format: 'iso',
  max_execution_time: QUERY_SECONDS_MAX,
} as const

export function createReader(client: ClickHouseClient): Reader {
  const rows = async <T extends object = Row>(sql: string, params: Record<string, unknown> = {}): Promise<T[]> => {
    const result = await client.query({ query: sql, query_params: params, format: 'JSONEachRow', clickhouse_settings: { ...SETTINGS } })
    return result.json<T>()
  }
  return {
    rows,
    async check() {
      const found = await withTimeout(
        rows('SELECT 1 AS there FROM system.tables WHERE database = currentDatabase() AND name = {name:String}', { name: VIEW_CHECKED }),
        CHECK_TIMEOUT_MS,
      )
      if (found.length === 0) throw new Error('the views are not there yet')
    },
  }
}

async function withTimeout<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
