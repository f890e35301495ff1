import { Type } from 'typebox'
import type { ConsoleApp, ConsoleParts } from '../app.ts'
import { sendProblem } from '../problem.ts'
import { receiptOfEvent } from '../queries/receipt.ts'
import { findTrace } from '../queries/trace.ts'
import { isEventId, SUBJECT_FORMS, subjectFromText } from '../subject.ts'
import { timelineFromFacts } from '../timeline.ts'

export function traceRoute(app: ConsoleApp, { reader, verifyClick }: ConsoleParts): void {
  app.get(
    '/v1/trace/:id',
    {
      schema: {
        summary: 'One timeline in words',
        description: `Everything about ${SUBJECT_FORMS}, in the order in which it happened, each step with what became of it and why.`,
        params: Type.Object({ id: Type.String() }),
      },
    },
    async (request, reply) => {
      const given = request.params.id
      const text = isEventId(given) ? ((await receiptOfEvent(reader, given)) ?? given) : given
      const subject = subjectFromText(text)
      if (subject === null && !isEventId(text)) {
        return sendProblem(reply, { status: 400, code: 'malformed', field: 'id', detail: `This is none of the ids that can be looked up: ${SUBJECT_FORMS}.` })
      }
      const facts = subject === null ? null : await findTrace(reader, verifyClick, subject)
      if (facts !== null) return reply.send(timelineFromFacts(facts))
      return sendProblem(reply, {
        status: 404,
        code: 'not_found',
        field: 'id',
        detail: 'Nothing is known under this id. What was sent in the last seconds may still be on its way; a forged click id stays unknown.',
      })
    },
  )
}
