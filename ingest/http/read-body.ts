import type { IncomingMessage } from 'node:http'
import { promisify } from 'node:util'
import { gunzip } from 'node:zlib'
import { type Problem, tooLarge, unsupportedType } from './problem.ts'

export const BODY_BYTES_MAX = 4 * 1024 * 1024

export type MediaType = 'json' | 'form'

/** The body as text with its type. `type` is null for an empty body without one. */
export type Body = { text: string; type: MediaType | null }

/** The sender went away in the middle; there is nobody to answer. */
export class AbortedError extends Error {}

const TYPES: Readonly<Record<string, MediaType>> = { 'application/json': 'json', 'application/x-www-form-urlencoded': 'form' }
const inflate = promisify(gunzip)

/** Reads a body within its bounds: first the size, then the type, then the content. */
export async function readBody(request: IncomingMessage, accepts: readonly MediaType[]): Promise<Body | Problem> {
  const sent = await readBytes(request)
  if (sent === null) return tooLarge
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  const bytes = encoding === 'gzip' ? await inflated(sent) : sent
  if (bytes === null) return tooLarge
  const type = mediaTypeOf(request.headers['content-type'])
  if (bytes === 'invalid')
    return {
      status: 400,
      code: 'invalid_encoding',
      detail: 'the body is no gzip',
      fix: 'compress it with gzip, or leave out Content-Encoding',
    }
  const isTaken = type !== null && accepts.includes(type) && (encoding === 'gzip' || encoding === 'identity')
  if (!isTaken && (bytes.length > 0 || !accepts.includes('form')))
    return unsupportedType(accepts.includes('form') ? 'application/json or application/x-www-form-urlencoded' : 'application/json')
  const text = textOf(bytes)
  return text === null ? { status: 400, code: 'invalid_text', detail: 'the body is not UTF-8', fix: 'send UTF-8' } : { text, type: isTaken ? type : null }
}

/** null when there is more than is taken. The rest is thrown away by the server once it has answered. */
async function readBytes(request: IncomingMessage): Promise<Buffer | null> {
  if (Number(request.headers['content-length'] ?? 0) > BODY_BYTES_MAX) return null
  return await new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let size = 0
    const onData = (chunk: Buffer) => {
      size += chunk.length
      if (size > BODY_BYTES_MAX) {
        request.off('data', onData)
        request.resume()
        resolve(null)
      } else chunks.push(chunk)
    }
    request.on('data', onData)
    request.once('end', () => resolve(Buffer.concat(chunks)))
    request.once('error', () => reject(new AbortedError('the request broke off')))
    request.once('close', () => reject(new AbortedError('the request broke off')))
  })
}

async function inflated(bytes: Buffer): Promise<Buffer | null | 'invalid'> {
  try {
    return await inflate(bytes, { maxOutputLength: BODY_BYTES_MAX })
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? null : 'invalid'
  }
}

function mediaTypeOf(header: string | undefined): MediaType | null {
  const [type = '', ...parameters] = (header ?? '')
    .toLowerCase()
    .split(';')
    .map((part) => part.trim())
  const charset = parameters
    .find((parameter) => parameter.startsWith('charset='))
    ?.slice('charset='.length)
    .replaceAll('"', '')
  if (charset !== undefined && charset !== 'utf-8' && charset !== 'utf8') return null
  return Object.hasOwn(TYPES, type) ? TYPES[type]! : null
}

function textOf(bytes: Buffer): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}
