import type { Socket } from 'node:net'
import swagger from '@fastify/swagger'
import Fastify, { type FastifyError, type FastifyInstance } from 'fastify'
import type { Log } from '../runtime/log.ts'
import { bodyFromProblem, headersFromProblem, methodNotAllowed, type Problem } from './http/problem.ts'
import { AbortedError } from './http/read-body.ts'
import { sendProblem } from './http/send.ts'
import type { IngestContext } from './ingest-context.ts'
import { registerClicks } from './routes/clicks.ts'
import { registerEvents } from './routes/events.ts'
import { registerHealth } from './routes/health.ts'
import { registerPostbacks } from './routes/postbacks.ts'
import { registerRedirect } from './routes/redirect.ts'

/** Address and headers together. */
const HEADER_BYTES_MAX = 16 * 1024
const REQUEST_TIMEOUT_MS = 60_000
const KEEP_ALIVE_TIMEOUT_MS = 65_000

const unknownAddress: Problem = { status: 404, code: 'not_found', detail: 'there is nothing at this address', fix: 'see /openapi.json' }
const internal: Problem = { status: 500, code: 'internal', detail: 'something went wrong here', fix: 'send the same request again' }

const METHODS = ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const

/** What each address takes; anything else there is 405. */
const ALLOWED: readonly [RegExp, string][] = [
  [/^\/c\/[^/]+$/, 'GET, HEAD'],
  [/^\/v1\/(clicks|events)$/, 'POST'],
  [/^\/v1\/postbacks\/[^/]+$/, 'GET, POST'],
  [/^\/(livez|readyz|metrics|openapi\.json)$/, 'GET, HEAD'],
]

/** The HTTP side of ingest. It logs no request: addresses, tokens and people stay out of every line. */
export async function createApp(context: IngestContext, log: Log): Promise<FastifyInstance> {
  const app = Fastify({
    logger: false,
    exposeHeadRoutes: false,
    return503OnClosing: false,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    http: { maxHeaderSize: HEADER_BYTES_MAX },
    clientErrorHandler: (error, socket) => answerBrokenRequest(error, socket as Socket),
    frameworkErrors: (_error, request, reply) => void sendProblem(reply as never, notFoundOrMethod(request.method, request.url)),
  })
  // Bodies are read by the routes, after the sender is known, so no method has a body as far as the framework knows.
  for (const method of METHODS) app.addHttpMethod(method, { hasBody: false, overrideExisting: true })
  app.setValidatorCompiler(() => () => true)
  app.setSerializerCompiler(() => (value) => (typeof value === 'string' ? value : JSON.stringify(value)))
  app.setNotFoundHandler((request, reply) => sendProblem(reply, notFoundOrMethod(request.method, request.url)))
  app.setErrorHandler((error: FastifyError, _request, reply) => {
    if (error instanceof AbortedError) return reply.hijack()
    log.error({ code: error.code ?? error.name, stack: error.stack?.split('\n').slice(1, 6) }, 'a request failed')
    return sendProblem(reply, internal)
  })
  app.addHook('onResponse', (request, reply, done) => {
    context.metrics.answered(request.routeOptions.url ?? 'none', reply.elapsedTime / 1000)
    done()
  })
  await registerDocument(app)
  registerRedirect(app, context)
  registerClicks(app, context)
  registerEvents(app, context)
  registerPostbacks(app, context)
  registerHealth(app, context)
  return app
}

async function registerDocument(app: FastifyInstance): Promise<void> {
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Tributary ingest', version: '1', description: 'Clicks and events in, signed click ids and receipts out.' },
      components: { securitySchemes: { secret: { type: 'http', scheme: 'bearer', description: 'The secret of the integration' } } },
    },
    transform: ({ schema, url }) => {
      const { content, ...rest } = (schema ?? {}) as { content?: Record<string, object> }
      if (content === undefined) return { schema: rest as never, url }
      const types = Object.entries(content).map(([type, body]) => [type, { schema: body }])
      return { schema: { ...rest, body: { content: Object.fromEntries(types) } } as never, url }
    },
  })
}

function notFoundOrMethod(method: string, url: string): Problem {
  const path = url.split('?')[0] ?? ''
  const allowed = ALLOWED.find(([pattern]) => pattern.test(path))
  return allowed === undefined || allowed[1].split(', ').includes(method) ? unknownAddress : methodNotAllowed(allowed[1])
}

/** A request that could not even be read. */
function answerBrokenRequest(error: Error & { code?: string }, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const problem = brokenRequest(error.code)
  const body = bodyFromProblem(problem)
  const headers = { ...headersFromProblem(problem), 'content-length': String(Buffer.byteLength(body)), connection: 'close' }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${problem.status} Error\r\n${lines.join('')}\r\n${body}`)
}

function brokenRequest(code: string | undefined): Problem {
  if (code === 'HPE_HEADER_OVERFLOW')
    return {
      status: 431,
      code: 'headers_too_large',
      detail: 'address and headers have more than 16 KiB',
      fix: 'send large content in a body',
    }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT')
    return { status: 408, code: 'request_timeout', detail: 'the request did not come to its end in time', fix: 'send it again' }
  return { status: 400, code: 'invalid_http', detail: 'this is no valid HTTP request', fix: 'check the request line and the headers' }
}
