import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Registry } from 'prom-client'

/** /livez, /readyz and /metrics of a processor, on loopback. `ready` gives the reason why it is not, or null. */
export async function startHealthServer(options: { registry: Registry; ready: () => string | null; port: number; host?: string }) {
  const server = createServer((request, response) => {
    const path = request.url?.split('?')[0]
    const answer = (status: number, text: string) => response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8' }).end(text)
    if (path === '/livez') return void answer(200, 'ok\n')
    if (path === '/readyz') {
      const reason = options.ready()
      return void answer(reason === null ? 200 : 503, `${reason ?? 'ok'}\n`)
    }
    if (path !== '/metrics') return void answer(404, 'not found: there are /livez, /readyz and /metrics\n')
    options.registry.metrics().then(
      (text) => response.writeHead(200, { 'content-type': options.registry.contentType }).end(text),
      (error: unknown) => answer(500, `${String(error)}\n`),
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(options.port, options.host ?? '127.0.0.1', resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise<void>((resolve) => server.close(() => resolve())),
  }
}
