import { Type } from 'typebox'
import type { ConsoleApp, ConsoleParts } from '../app.ts'
import { sendProblem } from '../problem.ts'
import { findPlayer } from '../queries/player.ts'

export function playersRoute(app: ConsoleApp, { reader }: ConsoleParts): void {
  app.get(
    '/v1/players/:brand_id/:player_id',
    {
      schema: {
        summary: 'Whose player this is, and what is owed for him',
        description: 'The binding, the receipts of all his events, and the balances that he brings to affiliates.',
        params: Type.Object({ brand_id: Type.String(), player_id: Type.String() }),
      },
    },
    async (request, reply) => {
      const { brand_id, player_id } = request.params
      const player = await findPlayer(reader, brand_id, player_id)
      if (player !== null) return reply.send(player)
      return sendProblem(reply, { status: 404, code: 'not_found', field: 'player_id', detail: 'No event and no binding of this brand names this player.' })
    },
  )
}
