import { messageOf } from '../../runtime/lifecycle.ts'
import type { ConsoleApp, ConsoleParts } from '../app.ts'

export function healthRoutes(app: ConsoleApp, { reader, registry }: ConsoleParts): void {
  const text = 'text/plain; charset=utf-8'
  app.get('/livez', { schema: { summary: 'Whether the process runs' } }, async (_request, reply) => reply.type(text).send('ok\n'))
  app.get('/readyz', { schema: { summary: 'Whether ClickHouse answers and carries the views' } }, async (_request, reply) => {
    try {
      await reader.check()
      return reply.type(text).send('ok\n')
    } catch (error) {
      return reply
        .code(503)
        .type(text)
        .send(`ClickHouse: ${messageOf(error)}\n`)
    }
  })
  app.get('/metrics', { schema: { summary: 'Metrics for Prometheus' } }, async (_request, reply) =>
    reply.type(registry.contentType).send(await registry.metrics()),
  )
  app.get('/openapi.json', { schema: { hide: true } as object }, async (_request, reply) => reply.send(app.swagger()))
}
