import type { FastifyInstance } from 'fastify'
import type { IngestContext } from '../ingest-context.ts'

const hidden = { schema: { hide: true } as object }

/** /livez, /readyz, /metrics and /openapi.json, without a token. */
export function registerHealth(app: FastifyInstance, { registry, ready }: IngestContext): void {
  const route = (path: string, answer: () => Promise<{ status: number; type: string; text: string }>) => {
    app.route({
      method: ['GET', 'HEAD'],
      url: path,
      ...hidden,
      async handler(_request, reply) {
        const { status, type, text } = await answer()
        return reply.code(status).header('content-type', type).header('cache-control', 'no-store').send(text)
      },
    })
  }
  route('/livez', async () => ({ status: 200, type: 'text/plain; charset=utf-8', text: 'ok\n' }))
  route('/readyz', async () => {
    const reason = ready()
    return { status: reason === null ? 200 : 503, type: 'text/plain; charset=utf-8', text: `${reason ?? 'ok'}\n` }
  })
  route('/metrics', async () => ({ status: 200, type: registry.contentType, text: await registry.metrics() }))
  route('/openapi.json', async () => ({ status: 200, type: 'application/json; charset=utf-8', text: JSON.stringify(app.swagger()) }))
}
