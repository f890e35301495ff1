import { randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { createGzip, type Gzip } from 'node:zlib'
import type { EngineError } from './engine-error.ts'

/** The answer to one request: a head once, then bytes, then an end or a break. */
export type Answer = {
  /** True after the first byte: an error can then only be told in the body. */
  started(): boolean
  write(bytes: Uint8Array): Promise<void>
  end(summary?: Summary): void
  fail(error: EngineError): void
}

export type Summary = { readRows: number; readBytes: number; writtenRows: number; writtenBytes: number; elapsedSeconds: number }

const TAG_BYTES = 8
const NANOSECONDS = 1e9

export function createAnswer(response: ServerResponse, options: { queryId: string; format: string; contentType: string; gzip: boolean }): Answer {
  const tag = randomBytes(TAG_BYTES).toString('hex')
  let zip: Gzip | null = null
  const head = (status: number, headers: Record<string, string>) =>
    response.writeHead(status, {
      'X-ClickHouse-Query-Id': options.queryId,
      'X-ClickHouse-Server-Display-Name': 'tributary-local',
      'X-ClickHouse-Timezone': 'UTC',
      'Content-Type': options.contentType,
      ...headers,
    })
  const start = (headers: Record<string, string>) => {
    if (response.headersSent) return
    head(200, {
      'X-ClickHouse-Format': options.format,
      'X-ClickHouse-Exception-Tag': tag,
      ...(options.gzip ? { 'Content-Encoding': 'gzip' } : {}),
      ...headers,
    })
    if (!options.gzip) return
    zip = createGzip()
    zip.pipe(response)
  }
  const write = (bytes: Uint8Array): Promise<void> => {
    start({})
    const out = zip ?? response
    if (out.write(bytes) || response.destroyed) return Promise.resolve()
    return new Promise((resolve) => {
      const done = () => {
        out.off('drain', done)
        response.off('close', done)
        resolve()
      }
      out.once('drain', done)
      response.once('close', done)
    })
  }
  return {
    started: () => response.headersSent,
    write,
    end(summary) {
      start(summary === undefined ? {} : { 'X-ClickHouse-Summary': JSON.stringify(wordsOf(summary)) })
      ;(zip ?? response).end()
    },
    fail(error) {
      if (response.headersSent) return breakOff(response, zip, tag, error)
      head(error.status, { 'X-ClickHouse-Exception-Code': String(error.code), 'Content-Type': 'text/plain; charset=UTF-8' })
      response.end(`${error.message}\n`)
    },
  }
}

/** The error goes into the body as the protocol has it, and the connection breaks: a client that reads only text must not take half a result for a whole one. */
function breakOff(response: ServerResponse, zip: Gzip | null, tag: string, error: EngineError): void {
  const message = `${error.message}\n`
  const trailer = `\r\n__exception__\r\n${tag}\r\n${message}${Buffer.byteLength(message)} ${tag}\r\n__exception__\r\n`
  const cut = () => response.socket?.destroySoon()
  if (zip === null) response.write(trailer, cut)
  else zip.write(trailer, () => zip.flush(cut))
}

/** Counts travel as strings, since a JSON number would lose digits. */
function wordsOf(summary: Summary): Record<string, string> {
  return {
    read_rows: String(summary.readRows),
    read_bytes: String(summary.readBytes),
    written_rows: String(summary.writtenRows),
    written_bytes: String(summary.writtenBytes),
    total_rows_to_read: '0',
    result_rows: '0',
    result_bytes: '0',
    elapsed_ns: String(Math.round(summary.elapsedSeconds * NANOSECONDS)),
  }
}
