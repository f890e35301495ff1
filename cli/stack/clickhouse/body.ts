import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib'

/** SQL in a body, with inline data at most; larger data has its statement in the address line. */
export const SQL_BYTES_MAX = 32 * 1024 * 1024

/** The body without its compression, or null when the compression is unknown. */
export function plainBody(request: IncomingMessage): Readable | null {
  const encoding = request.headers['content-encoding'] ?? 'identity'
  const decoder = { gzip: createGunzip, deflate: createInflate, br: createBrotliDecompress }[encoding as 'gzip']
  if (decoder === undefined) return encoding === 'identity' ? request : null
  const plain = decoder()
  request.once('error', (error) => plain.destroy(error))
  request.once('close', () => {
    if (!request.complete) plain.destroy(new Error('the client went away in the middle of its body'))
  })
  return request.pipe(plain)
}

/** @returns null when it is longer than allowed */
export async function readAll(body: Readable, bytesMax: number): Promise<Buffer | null> {
  const pieces: Buffer[] = []
  let bytes = 0
  for await (const piece of body) {
    const chunk = piece as Buffer
    bytes += chunk.length
    if (bytes > bytesMax) return null
    pieces.push(chunk)
  }
  return Buffer.concat(pieces)
}
