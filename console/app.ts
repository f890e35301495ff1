import swagger from '@fastify/swagger'
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  fastify,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from 'fastify'
import type { Registry } from 'prom-client'
import { messageOf } from '../runtime/lifecycle.ts'
import type { Log } from '../runtime/log.ts'
import { guardAccess } from './access.ts'
import type { LiveFeed } from './live-feed.ts'
import { sendProblem } from './problem.ts'
import type { VerifyClick } from './queries/click.ts'
import type { Reader } from './reader.ts'
import { affiliatesRoute } from './routes/affiliates.ts'
import { clicksRoute } from './routes/clicks.ts'
import { healthRoutes } from './routes/health.ts'
import { liveRoute } from './routes/live.ts'
import { pageRoutes } from './routes/page.ts'
import { panelsRoute } from './routes/panels.ts'
import { playersRoute } from './routes/players.ts'
import { receiptsRoute } from './routes/receipts.ts'
import { traceRoute } from './routes/trace.ts'

export type ConsoleParts = {
  reader: Reader
  feed: LiveFeed
  registry: Registry
  log: Log
  /** Needed under /v1 when set; when null only loopback is served. */
  token: string | null
  trustedProxies: string[]
  verifyClick: VerifyClick
  affiliateName: (affiliateId: string) => string | null
  /** Topic that the receipts' places refer to. */
  eventsTopic: string
  /** What the empty page tells a newcomer to open; null when no link exists. */
  exampleClickUrl: string | null
}

export type ConsoleApp = FastifyInstance<RawServerDefault, RawRequestDefaultExpression, RawReplyDefaultExpression, FastifyBaseLogger, TypeBoxTypeProvider>

const BODY_BYTES_MAX = 1_024
const PARAMETER_CHARACTERS_MAX = 8_192
const REQUEST_TIMEOUT_MS = 30_000

/** The console as an application without a port: look-ups, live page, health. */
export async function createConsole(parts: ConsoleParts): Promise<ConsoleApp> {
  const app: ConsoleApp = fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    // A player id may be 200 characters of several bytes, each of them percent-encoded.
    routerOptions: { maxParamLength: PARAMETER_CHARACTERS_MAX },
    trustProxy: parts.trustedProxies.length > 0 ? parts.trustedProxies : false,
    forceCloseConnections: true,
    logger: false,
  }).withTypeProvider<TypeBoxTypeProvider>()

  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Tributary console', version: '1', description: 'Look-ups of receipts, players and clicks, and the data of the live page.' },
      components: { securitySchemes: { console: { type: 'http', scheme: 'bearer' } } },
    },
  })
  app.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', 'cache-control': 'no-store' })
  })
  const paths = new Set<string>()
  app.addHook('onRoute', ({ url }) => void paths.add(url))
  guardAccess(app as unknown as FastifyInstance, parts.token)
  healthRoutes(app, parts)
  receiptsRoute(app, parts)
  playersRoute(app, parts)
  clicksRoute(app, parts)
  traceRoute(app, parts)
  affiliatesRoute(app, parts)
  panelsRoute(app, parts)
  liveRoute(app, parts)
  await pageRoutes(app)
  refuseOtherMethods(app, [...paths])
  answerTheRest(app, parts.log)
  return app
}

/** Every path is read-only; another method is told so instead of that nothing is there. */
function refuseOtherMethods(app: ConsoleApp, paths: readonly string[]): void {
  for (const url of paths) {
    const refuse = async (request: FastifyRequest, reply: FastifyReply) => {
      reply.header('allow', 'GET, HEAD')
      return sendProblem(reply, { status: 405, code: 'method', detail: `${request.method} is not possible here.`, fix: 'Use GET.' })
    }
    // Answered before the body is looked at, whose type and size say nothing here.
    app.route({ method: ['POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'], url, schema: { hide: true } as object, onRequest: refuse, handler: refuse })
  }
}

function answerTheRest(app: ConsoleApp, log: Log): void {
  app.setNotFoundHandler((_request, reply) => sendProblem(reply, { status: 404, code: 'not_found', detail: 'There is nothing at this path.' }))
  app.setErrorHandler((error, _request, reply) => {
    const status = (error as { statusCode?: number }).statusCode ?? 500
    if (status < 500) return sendProblem(reply, { status, code: 'malformed', detail: messageOf(error) })
    log.error({ error: messageOf(error) }, 'a request failed')
    return sendProblem(reply, {
      status: 503,
      code: 'unavailable',
      detail: 'The store did not answer; nothing is lost by that.',
      fix: 'Try again in some seconds.',
    })
  })
}
