import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client'

const REQUEST_TIMEOUT_MS = 60_000
const CONNECTIONS_MAX = 16

/** The stock client over HTTP. Decimals and 64-bit integers come back quoted, since a JSON number would lose digits. */
export function createClickHouse(url: string, options: { database?: string } = {}): ClickHouseClient {
  return createClient({
    url,
    ...(options.database === undefined ? {} : { database: options.database }),
    request_timeout: REQUEST_TIMEOUT_MS,
    max_open_connections: CONNECTIONS_MAX,
    // Every error is thrown to the caller, who says it in one line; the client's own report is a page of text among JSON lines.
    log: { level: ClickHouseLogLevel.OFF },
    clickhouse_settings: { output_format_json_quote_decimals: 1, output_format_json_quote_64bit_integers: 1 },
  })
}
