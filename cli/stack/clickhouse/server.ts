import { randomUUID } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import { createAnswer, type Answer } from './answer.ts'
import { plainBody, readAll, SQL_BYTES_MAX } from './body.ts'
import type { Engine } from './engine.ts'
import { engineErrorFrom, ownError } from './engine-error.ts'
import { contentTypeOf, FORMAT_DEFAULT } from './formats.ts'
import { createGate } from './gate.ts'
import { type RequestOptions, requestOptions } from './request.ts'
import { runInsert, runSelect, runWhole } from './run-statement.ts'
import type { Spool } from './spool.ts'
import { type Statement, statementFromSql } from './statement.ts'

export type ClickHouseServer = { server: Server; stop(): Promise<void> }

type Task = { tag: string; options: RequestOptions; response: ServerResponse; request: IncomingMessage }

const WAITING_MAX = 1_000
const TOO_MANY_QUERIES = 202
const BAD_ARGUMENTS = 36
const NOT_IMPLEMENTED = 48
const STOP_DEADLINE_MS = 5_000
const STOP_POLL_MS = 20

/**
 * The engine behind the part of ClickHouse's HTTP interface that the stock client speaks. It has no users and its SQL
 * can read every file of the machine, so it must listen on loopback only.
 * @param queriesMax below the size of libuv's pool, or no thread is left to read and write files
 */
export function createClickHouseServer(engine: Engine, spool: Spool, queriesMax: number): ClickHouseServer {
  const gate = createGate({ inside: queriesMax, waiting: WAITING_MAX })
  const selects = new Set<string>()
  let running = 0

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://localhost')
    if (url.pathname === '/ping' || url.pathname === '/replicas_status') return void response.end('Ok.\n')
    if (url.pathname !== '/') return void response.writeHead(404).end('There is no such address.\n')
    if (isFromBrowser(request)) return refuse(response, NOT_IMPLEMENTED, 'Pages in a browser are not served')
    const tag = randomUUID()
    const options = requestOptions(url, request.headers, tag)
    if ('reason' in options) return refuse(response, options.code, options.reason)
    if (!(await gate.enter())) return refuse(response, TOO_MANY_QUERIES, 'Too many queries wait already')
    try {
      await run({ tag, options, request, response })
    } finally {
      gate.leave()
    }
  }

  async function run(task: Task): Promise<void> {
    const body = plainBody(task.request)
    if (body === null) return refuse(task.response, NOT_IMPLEMENTED, 'This Content-Encoding is not supported: use gzip')
    const found = await statementOf(task.options.query, body)
    if (found.statement.kind === 'refused') return refuse(task.response, found.statement.code, found.statement.reason)
    await runStatement(task, found.statement, found.start, found.rest)
  }

  async function runStatement(task: Task, statement: Exclude<Statement, { kind: 'refused' }>, start: Buffer, rest: Readable): Promise<void> {
    // The body is on disk before a session is open: a slow sender holds no engine.
    const file = statement.kind === 'insert' ? await spool.write(task.tag, start, rest) : null
    const format = (statement.kind === 'select' ? statement.format : null) ?? task.options.format ?? FORMAT_DEFAULT
    const answer = answerTo(task, format)
    try {
      await withSession(task, statement.kind === 'select', async (session) => {
        if (statement.kind === 'insert' && file !== null) await runInsert(session, statement, file, answer)
        else if (statement.kind === 'select') await runSelect(session, statement, format, answer, () => task.response.destroyed)
        else if (statement.kind === 'other') await runWhole(session, statement.sql, format, answer)
      })
    } catch (error) {
      answer.fail(engineErrorFrom(error))
    } finally {
      await file?.remove()
    }
  }

  /** A SELECT whose client has gone is ended in the engine; a write goes on, as its sender may count on it. */
  async function withSession(task: Task, isSelect: boolean, work: (session: ReturnType<Engine['openSession']>) => Promise<void>): Promise<void> {
    const session = engine.openSession()
    let done = false
    const onClose = () => {
      if (!done && isSelect) engine.kill(task.tag).catch((error: unknown) => process.stderr.write(`a query could not be ended: ${String(error)}\n`))
    }
    running += 1
    if (isSelect) selects.add(task.tag)
    task.response.once('close', onClose)
    try {
      for (const sql of task.options.preparation) session.query(sql, 'TabSeparated')
      await work(session)
    } finally {
      done = true
      running -= 1
      selects.delete(task.tag)
      session.close()
    }
  }

  const server = createServer({ keepAliveTimeout: 30_000, requestTimeout: 0 }, (request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) response.destroy()
      else refuse(response, BAD_ARGUMENTS, error instanceof Error ? error.message : String(error))
    })
  })
  return { server, stop: () => stopServer(server, engine, selects, () => running) }
}

/** Any page that somebody opens can send requests to loopback; SQL here reads every file of the machine. */
function isFromBrowser({ headers }: IncomingMessage): boolean {
  return headers.origin !== undefined || headers['sec-fetch-site'] !== undefined
}

/** A running query keeps the process from ending, so the queries end first. */
async function stopServer(server: Server, engine: Engine, selects: Set<string>, running: () => number): Promise<void> {
  server.close()
  await Promise.allSettled([...selects].map((tag) => engine.kill(tag)))
  const deadline = Date.now() + STOP_DEADLINE_MS
  while (running() > 0 && Date.now() < deadline) await new Promise((resolve) => setTimeout(resolve, STOP_POLL_MS))
  server.closeAllConnections()
  if (running() > 0) return process.kill(process.pid, 'SIGKILL') as unknown as void
  engine.close()
}

function answerTo(task: Task, format: string): Answer {
  return createAnswer(task.response, {
    queryId: task.options.queryId ?? task.tag,
    format,
    contentType: contentTypeOf(format),
    gzip: task.options.gzipResult,
  })
}

function refuse(response: ServerResponse, code: number, reason: string): void {
  const error = ownError(code, reason)
  response.writeHead(error.status, { 'X-ClickHouse-Exception-Code': String(error.code), 'Content-Type': 'text/plain; charset=UTF-8', Connection: 'close' })
  response.end(`${error.message}\n`)
}

/** A statement in the address line is followed by its data in the body; otherwise the body is the statement. */
async function statementOf(query: string, body: Readable): Promise<{ statement: Statement; start: Buffer; rest: Readable }> {
  const inLine = Buffer.from(query, 'utf8')
  const known = query === '' ? null : inUtf8(statementFromSql(inLine.toString('latin1')))
  if (known?.kind === 'insert') return { statement: known, start: inLine.subarray(known.dataStart), rest: body }
  const text = await readAll(body, SQL_BYTES_MAX)
  const none = Readable.from([])
  if (text === null)
    return {
      statement: { kind: 'refused', code: BAD_ARGUMENTS, reason: `The statement is longer than ${SQL_BYTES_MAX} bytes` },
      start: Buffer.alloc(0),
      rest: none,
    }
  const whole = text.length === 0 ? inLine : Buffer.concat([inLine, Buffer.from(query === '' ? '' : '\n'), text])
  const statement = inUtf8(statementFromSql(whole.toString('latin1')))
  return { statement, start: statement.kind === 'insert' ? whole.subarray(statement.dataStart) : Buffer.alloc(0), rest: none }
}

/** Positions were counted in bytes; the engine is given the text itself. */
function inUtf8(statement: Statement): Statement {
  const decode = (text: string) => Buffer.from(text, 'latin1').toString('utf8')
  if (statement.kind === 'insert') return { ...statement, head: decode(statement.head), tail: decode(statement.tail) }
  return statement.kind === 'refused' ? statement : { ...statement, sql: decode(statement.sql) }
}
