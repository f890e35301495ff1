import type { AddressInfo } from 'node:net'
import Fastify from 'fastify'

/** What a fastify can answer when there is nothing to do: the same status, headers and length as the real answers, ready made. */
const RECEIPT = {
  receipt_id: `rc_${'0'.repeat(32)}`,
  event_id: `ev_${'0'.repeat(32)}`,
  status: 'accepted',
}
const LOCATION = `https://lucky.example/welcome?lang=en&clickid=${'0'.repeat(32)}`

const app = Fastify({ logger: false })
app.get('/v1/postbacks/:integration_id', (_request, reply) => reply.header('cache-control', 'no-store').send(RECEIPT))
app.get('/c/:link_id', (_request, reply) => reply.code(302).headers({ location: LOCATION, 'cache-control': 'no-store' }).send())
await app.listen({ port: 0, host: '127.0.0.1' })
process.stdout.write(`listening ${(app.server.address() as AddressInfo).port}\n`)
process.once('SIGTERM', () => process.exit(0))
