import { createHash, timingSafeEqual } from 'node:crypto'
import { BlockList, isIP } from 'node:net'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { sendProblem } from './problem.ts'

/** What probes and scrapers read; they carry no token and come from anywhere. */
const OPEN_PATHS = new Set(['/livez', '/readyz', '/metrics', '/openapi.json'])

const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
loopback.addAddress('::1', 'ipv6')

export function isLoopback(address: string): boolean {
  const plain = address.toLowerCase().startsWith('::ffff:') && isIP(address.slice(7)) === 4 ? address.slice(7) : address
  const family = isIP(plain)
  return family !== 0 && loopback.check(plain, family === 4 ? 'ipv4' : 'ipv6')
}

/** A page of another site can make a browser call this machine under a name of its own: only names of this machine count. */
export function isLocalHost(host: string | undefined): boolean {
  if (host === undefined || host === '') return true
  const parsed = URL.parse(`http://${host}`)
  if (parsed === null) return false
  const name = parsed.hostname.replace(/^\[|\]$/g, '')
  return name === 'localhost' || name.endsWith('.localhost') || isIP(name) !== 0
}

/** Compares digests, so that the time taken tells nothing about the token, its length included. */
export function isSameToken(given: string, expected: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest()
  return timingSafeEqual(digest(given), digest(expected))
}

/** With a token: everything under /v1 needs it, loopback too. Without one: only this machine is served. */
export function guardAccess(app: FastifyInstance, token: string | null): void {
  app.addHook('onRequest', async (request, reply) => {
    const path = pathOf(request)
    if (OPEN_PATHS.has(path)) return
    if (token === null) return refuseStranger(request, reply)
    if (path === '/v1' || path.startsWith('/v1/')) return refuseWithoutToken(request, reply, token)
  })
}

function pathOf(request: FastifyRequest): string {
  const raw = request.raw.url?.split('?')[0] ?? '/'
  try {
    return decodeURIComponent(raw)
  } catch {
    return raw
  }
}

function refuseStranger(request: FastifyRequest, reply: FastifyReply): FastifyReply | undefined {
  if (isLoopback(request.ip) && isLocalHost(request.headers.host)) return undefined
  return sendProblem(reply, {
    status: 403,
    code: 'not_local',
    detail: 'No console token is set, so only callers on this machine, under a name of this machine, are served.',
    fix: 'Set TRIBUTARY_CONSOLE_TOKEN and send it as a Bearer token.',
  })
}

function refuseWithoutToken(request: FastifyRequest, reply: FastifyReply, token: string): FastifyReply | undefined {
  const given = /^Bearer +(\S+) *$/i.exec(request.headers.authorization ?? '')?.[1]
  if (given !== undefined && isSameToken(given, token)) return undefined
  reply.header('www-authenticate', 'Bearer realm="tributary console"')
  return sendProblem(reply, {
    status: 401,
    code: given === undefined ? 'token_missing' : 'token_wrong',
    detail: given === undefined ? 'This path needs the console token.' : 'This is not the console token.',
    fix: 'Send Authorization: Bearer <the value of TRIBUTARY_CONSOLE_TOKEN>.',
  })
}
