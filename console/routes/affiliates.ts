import { Type } from 'typebox'
import type { ConsoleApp, ConsoleParts } from '../app.ts'
import { sendProblem } from '../problem.ts'
import { findAffiliate } from '../queries/affiliate.ts'

export function affiliatesRoute(app: ConsoleApp, { reader, affiliateName }: ConsoleParts): void {
  app.get(
    '/v1/affiliates/:affiliate_id',
    {
      schema: {
        summary: 'One affiliate at a glance',
        description: 'Balances, the latest verdicts that were not simply `allow`, and the latest players.',
        params: Type.Object({ affiliate_id: Type.String() }),
      },
    },
    async (request, reply) => {
      const id = request.params.affiliate_id
      const name = affiliateName(id)
      const found = await findAffiliate(reader, id)
      if (found !== null) return reply.send({ ...found, name })
      if (name !== null) return reply.send({ affiliate_id: id, name, balances: [], verdicts: [], players: [] })
      return sendProblem(reply, {
        status: 404,
        code: 'not_found',
        field: 'affiliate_id',
        detail: 'The catalog has no such affiliate, and nothing was ever booked for one.',
      })
    },
  )
}
