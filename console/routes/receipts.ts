import type { ConsoleApp, ConsoleParts } from '../app.ts'
import { Type } from 'typebox'
import { sendProblem } from '../problem.ts'
import { findReceipt } from '../queries/receipt.ts'

export function receiptsRoute(app: ConsoleApp, { reader, eventsTopic }: ConsoleParts): void {
  app.get(
    '/v1/receipts/:receipt_id',
    {
      schema: {
        summary: 'What became of an accepted event',
        description: 'Disposition and reason, the binding of its player, its verdict, the ledger entries it caused, and where its first record lies in Kafka.',
        params: Type.Object({ receipt_id: Type.String() }),
      },
    },
    async (request, reply) => {
      const receiptId = request.params.receipt_id
      const receipt = await findReceipt(reader, receiptId, eventsTopic)
      if (receipt !== null) return reply.send(receipt)
      return sendProblem(reply, {
        status: 404,
        code: 'not_found',
        field: 'receipt_id',
        detail: 'No receipt has this id. One that was given in the last seconds may still be on its way.',
        fix: 'Compare it with the receipt_id in the answer to the postback.',
      })
    },
  )
}
