import type { FastifyReply } from 'fastify'
import { bodyFromProblem, headersFromProblem, type Problem } from './problem.ts'

/** Sent as bytes, since the framework would add a charset, which this type has not. */
export function sendProblem(reply: FastifyReply, problem: Problem): FastifyReply {
  return reply
    .code(problem.status)
    .headers(headersFromProblem(problem))
    .send(Buffer.from(bodyFromProblem(problem)))
}

export function sendJson(reply: FastifyReply, status: number, value: object): FastifyReply {
  return reply.code(status).headers({ 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store' }).send(JSON.stringify(value))
}
