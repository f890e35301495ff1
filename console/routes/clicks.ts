import { Type } from 'typebox'
import type { ConsoleApp, ConsoleParts } from '../app.ts'
import { findClick } from '../queries/click.ts'

export function clicksRoute(app: ConsoleApp, { reader, verifyClick }: ConsoleParts): void {
  app.get(
    '/v1/clicks/:click_id',
    {
      schema: {
        summary: 'Whether a click id is ours, and whose it is',
        description: 'The signature decides. `stored` tells whether the record of the click has arrived as well; a forged id answers {valid: false}.',
        params: Type.Object({ click_id: Type.String() }),
      },
    },
    async (request) => findClick(reader, verifyClick, request.params.click_id),
  )
}
