import type { ServerResponse } from 'node:http'
import type { ConsoleApp, ConsoleParts } from '../app.ts'
import type { PanelState } from '../live-feed.ts'
import { sendProblem } from '../problem.ts'

const BEAT_MS = 2_000
const RECONNECT_MS = 2_000
/** A viewer that does not read gets no second copy of everything: it is cut off and comes back. */
const UNSENT_BYTES_MAX = 1_048_576
const BUSY_RETRY_SECONDS = 10

export function liveRoute(app: ConsoleApp, { feed }: ConsoleParts): void {
  app.get(
    '/v1/live',
    {
      schema: {
        summary: 'The panels as they change',
        description: 'Server-sent events: `panel` carries the newest rows of one panel, `beat` the time of the server every two seconds.',
      },
      exposeHeadRoute: false,
    },
    async (request, reply) => {
      const early: PanelState[] = []
      let deliver = (state: PanelState): void => void early.push(state)
      const leave = feed.subscribe({ panel: (state) => deliver(state) })
      if (leave === null) {
        reply.header('retry-after', BUSY_RETRY_SECONDS)
        return sendProblem(reply, {
          status: 503,
          code: 'busy',
          detail: 'As many pages as can be served are open already.',
          fix: 'Close one of them, or try again later.',
        })
      }
      reply.hijack()
      const out = reply.raw
      out.writeHead(200, {
        ...headersOf(reply.getHeaders()),
        'content-type': 'text/event-stream; charset=utf-8',
        'cache-control': 'no-store',
        'x-accel-buffering': 'no',
      })
      out.write(`retry: ${RECONNECT_MS}\n\n`)
      deliver = (state) => write(out, 'panel', state)
      for (const state of early) deliver(state)
      const beat = setInterval(() => write(out, 'beat', { at: new Date().toISOString() }), BEAT_MS)
      write(out, 'beat', { at: new Date().toISOString() })
      request.raw.socket.setNoDelay(true)
      out.once('close', () => {
        clearInterval(beat)
        leave()
      })
      return reply
    },
  )
}

function write(out: ServerResponse, event: string, data: object): void {
  if (out.destroyed) return
  if (out.writableLength > UNSENT_BYTES_MAX) return void out.destroy()
  out.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`)
}

function headersOf(headers: Record<string, unknown>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}
