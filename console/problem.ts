import type { FastifyReply } from 'fastify'

export type ProblemCode = 'not_found' | 'token_missing' | 'token_wrong' | 'not_local' | 'method' | 'malformed' | 'busy' | 'unavailable' | 'internal'

const titles: Record<ProblemCode, string> = {
  not_found: 'Not found',
  token_missing: 'A token is needed',
  token_wrong: 'The token is not the right one',
  not_local: 'Only this machine is served',
  method: 'Method not allowed',
  malformed: 'The request cannot be understood',
  busy: 'Too many viewers',
  unavailable: 'The store does not answer',
  internal: 'Something broke',
}

export type Problem = { status: number; code: ProblemCode; detail: string; field?: string; fix?: string }

/** Answers in the form of RFC 9457. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  const { status, code, detail, field, fix } = problem
  return reply
    .code(status)
    .type('application/problem+json')
    .send(
      JSON.stringify({
        type: `urn:tributary:problem:${code}`,
        title: titles[code],
        status,
        detail,
        code,
        ...(field === undefined ? {} : { field }),
        ...(fix === undefined ? {} : { fix }),
      }),
    )
}
