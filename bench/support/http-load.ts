import { connect, type Socket } from 'node:net'
import { percentile } from './statistics.ts'

/**
 * Requests over plain sockets on loopback, one at a time per connection. It knows as much of HTTP as the servers here
 * answer with, so that on few cores most of the CPU is left to what is measured.
 */
export type LoadAnswers = {
  /** Sent, and answered within the time and after it; what is in flight at the end is waited for. */
  sent: number
  answered: number
  answeredInTime: number
  elapsedMs: number
  byStatus: Record<string, number>
  /** Connections that broke. A request that was on one of them may have been done. */
  broken: number
  /** Open loop: requests that found no free connection in time and were given up. */
  givenUp: number
  p50Ms: number
  p99Ms: number
  maxMs: number
}

type Options = { port: number; template: string; connections: number; durationMs: number; firstNumber: number }
type Connection = { socket: Socket; sentMs: number | null; rest: Buffer | null }

const HOST = '127.0.0.1'
const PLAYERS = 5_000
const DRAIN_MS = 10_000
const LATENCIES_MAX = 4_000_000
const RECONNECT_MS = 200
const TICK_MS = 2
/** Requests of an open loop that may wait for a connection, in seconds of the rate. */
const BACKLOG_SECONDS = 5

/** Every connection sends its next request as soon as it has its answer. */
export async function runClosedLoop(options: Options): Promise<LoadAnswers> {
  const load = await openConnections(options, (connection) => {
    if (performance.now() < endMs) load.send(connection, performance.now())
  })
  const startMs = performance.now()
  const endMs = startMs + options.durationMs
  load.begin(startMs, endMs)
  for (const connection of load.connections) load.send(connection, startMs)
  await pause(options.durationMs)
  return load.finish()
}

/** Sends at a steady rate. Time counts from when a request should have gone out, so that a stall is not left out. */
export async function runOpenLoop(options: Options & { perSecond: number }): Promise<LoadAnswers> {
  const waiting: number[] = []
  const idle: Connection[] = []
  const load = await openConnections(options, (connection) => {
    const dueMs = waiting.shift()
    if (dueMs === undefined) idle.push(connection)
    else load.send(connection, dueMs)
  })
  idle.push(...load.connections)
  const backlogMax = options.perSecond * BACKLOG_SECONDS
  const startMs = performance.now()
  load.begin(startMs, startMs + options.durationMs)
  for (let due = 0; performance.now() < startMs + options.durationMs; ) {
    const wanted = Math.floor(((performance.now() - startMs) / 1000) * options.perSecond)
    for (; due < wanted; due++) {
      const dueMs = startMs + (due / options.perSecond) * 1000
      const connection = takeOpen(idle)
      if (connection !== null) load.send(connection, dueMs)
      else if (waiting.length < backlogMax) waiting.push(dueMs)
      else load.giveUp()
    }
    await pause(TICK_MS)
  }
  for (let left = DRAIN_MS; waiting.length > 0 && left > 0; left -= TICK_MS) await pause(TICK_MS)
  for (const _ of waiting.splice(0)) load.giveUp()
  return load.finish()
}

function takeOpen(idle: Connection[]): Connection | null {
  for (;;) {
    const connection = idle.pop()
    if (connection === undefined) return null
    if (connection.socket.writable) return connection
  }
}

async function openConnections(options: Options, onFree: (connection: Connection) => void) {
  const requestOf = requestsFrom(options.template)
  const latencies: number[] = []
  const answers = { sent: 0, answered: 0, answeredInTime: 0, broken: 0, givenUp: 0, byStatus: {} as Record<string, number> }
  const connections = new Set<Connection>()
  let startMs = 0
  let endMs = 0
  let closing = false

  async function open(): Promise<Connection> {
    const socket = connect(options.port, HOST)
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject))
    socket.removeAllListeners('error')
    socket.setNoDelay(true)
    const connection: Connection = { socket, sentMs: null, rest: null }
    socket.on('data', (bytes: Buffer) => onBytes(connection, bytes))
    // The close that follows tells all there is to know.
    socket.on('error', () => {})
    socket.once('close', () => onClose(connection))
    connections.add(connection)
    return connection
  }

  function onBytes(connection: Connection, bytes: Buffer): void {
    const all = connection.rest === null ? bytes : Buffer.concat([connection.rest, bytes])
    const status = statusOfWhole(all)
    connection.rest = status === null ? all : null
    if (status === null || connection.sentMs === null) return
    const nowMs = performance.now()
    answers.answered += 1
    if (nowMs <= endMs) answers.answeredInTime += 1
    answers.byStatus[status] = (answers.byStatus[status] ?? 0) + 1
    if (latencies.length < LATENCIES_MAX) latencies.push(nowMs - connection.sentMs)
    connection.sentMs = null
    onFree(connection)
  }

  function onClose(connection: Connection): void {
    connections.delete(connection)
    if (closing) return
    answers.broken += 1
    setTimeout(() => void reopen(), RECONNECT_MS)
  }

  async function reopen(): Promise<void> {
    if (closing || performance.now() > endMs) return
    await open().then(onFree, () => setTimeout(() => void reopen(), RECONNECT_MS))
  }

  await Promise.all(Array.from({ length: options.connections }, open))
  return {
    connections,
    begin(fromMs: number, toMs: number) {
      startMs = fromMs
      endMs = toMs
    },
    send(connection: Connection, dueMs: number) {
      connection.sentMs = dueMs
      connection.socket.write(requestOf(options.firstNumber + answers.sent), 'latin1')
      answers.sent += 1
    },
    giveUp() {
      answers.givenUp += 1
    },
    async finish(): Promise<LoadAnswers> {
      const elapsedMs = Math.max(endMs, performance.now()) - startMs
      const inFlight = () => [...connections].some(({ sentMs }) => sentMs !== null)
      for (let left = DRAIN_MS; inFlight() && left > 0; left -= TICK_MS) await pause(TICK_MS)
      closing = true
      for (const { socket } of connections) socket.destroy()
      const sorted = Float64Array.from(latencies).sort()
      return {
        ...answers,
        elapsedMs: Math.min(elapsedMs, endMs - startMs),
        p50Ms: percentile(sorted, 0.5),
        p99Ms: percentile(sorted, 0.99),
        maxMs: sorted.at(-1) ?? Number.NaN,
      }
    },
  }
}

/** Status of an answer that has arrived whole, null when more must come. */
export function statusOfWhole(bytes: Buffer): string | null {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const head = bytes.toString('latin1', 0, headEnd)
  const length = /\r\ncontent-length: *([0-9]+)/i.exec(head)?.[1]
  if (length === undefined) throw new Error(`an answer without its length cannot be read: ${head.slice(0, 200)}`)
  return bytes.length >= headEnd + 4 + Number(length) ? head.slice(9, 12) : null
}

/** Compiles the template, since it is filled for every request. */
export function requestsFrom(template: string): (number: number) => string {
  const parts = template.split(/\{(n|m|ip)\}/)
  return (number) => parts.map((part, index) => (index % 2 === 0 ? part : filled(part, number))).join('')
}

function filled(name: string, number: number): string {
  if (name === 'n') return String(number)
  if (name === 'm') return String(number % PLAYERS)
  const host = (number * 2_654_435_761) >>> 0
  return `${1 + (host % 223)}.${(host >>> 8) & 255}.${(host >>> 16) & 255}.${host >>> 24}`
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
