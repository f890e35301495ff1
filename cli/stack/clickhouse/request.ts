import { identifier, literal } from './literal.ts'

/** What the address line of a request says about how to run the statement. */
export type RequestOptions = {
  query: string
  queryId: string | null
  database: string | null
  format: string | null
  gzipResult: boolean
  /** SET and USE, to be run first on the session of this request. */
  preparation: string[]
}

export type RequestProblem = { code: number; reason: string }

const NAME = /^[A-Za-z_][A-Za-z0-9_.]*$/
const UNSUPPORTED = 48
const BAD_ARGUMENTS = 36

/** Parameters of the protocol, not settings of the engine. */
const PROTOCOL = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'user',
  'password',
  'quota_key',
  'enable_http_compression',
  'client_protocol_version',
  'wait_end_of_query',
  'buffer_size',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_zlib_compression_level',
  'cancel_http_readonly_queries_on_client_close',
  'stacktrace',
  'session_check',
  'http_wait_end_of_query',
  'http_response_buffer_size',
])
const REFUSED = new Map([
  ['session_id', 'sessions are not kept between requests'],
  ['role', 'there are no roles'],
  ['compress', 'use Accept-Encoding: gzip'],
  ['decompress', 'use Content-Encoding: gzip'],
])

/** @param tag put into log_comment, by which the running query can be found and ended */
export function requestOptions(url: URL, headers: Record<string, string | string[] | undefined>, tag: string): RequestOptions | RequestProblem {
  const assignments = [`log_comment=${literal(tag)}`]
  for (const [name, value] of url.searchParams) {
    const refused = REFUSED.get(name)
    if (refused !== undefined) return { code: UNSUPPORTED, reason: `The parameter ${name} is not supported here: ${refused}` }
    if (PROTOCOL.has(name) || name === 'log_comment') continue
    if (!NAME.test(name)) return { code: BAD_ARGUMENTS, reason: `The parameter ${name.slice(0, 100)} is not a name` }
    assignments.push(`${name}=${literal(value)}`)
  }
  const database = url.searchParams.get('database') ?? header(headers, 'x-clickhouse-database')
  return {
    query: url.searchParams.get('query') ?? '',
    queryId: url.searchParams.get('query_id'),
    database,
    format: header(headers, 'x-clickhouse-format') ?? url.searchParams.get('default_format'),
    gzipResult: url.searchParams.get('enable_http_compression') === '1' && /\bgzip\b/.test(header(headers, 'accept-encoding') ?? ''),
    preparation: [...(database === null || database === '' ? [] : [`USE ${identifier(database)}`]), `SET ${assignments.join(', ')}`],
  }
}

function header(headers: Record<string, string | string[] | undefined>, name: string): string | null {
  const value = headers[name]
  return (Array.isArray(value) ? value[0] : value) ?? null
}
