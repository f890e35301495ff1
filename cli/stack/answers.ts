import { connect } from 'node:net'

const TRY_MS_MAX = 2_000

/** Whether somebody takes connections there. */
export function answersTcp(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host })
    const finish = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(TRY_MS_MAX, () => finish(false))
    socket.once('connect', () => finish(true))
    socket.once('error', () => finish(false))
  })
}

/** Whether an address answers a GET with 200. */
export async function answersHttp(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(TRY_MS_MAX) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    // Not there yet, or gone: both mean no.
    return false
  }
}

/** Redis takes connections before it has loaded its data; only PONG means that it serves. */
export function answersRedis(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host }, () => socket.write('PING\r\n'))
    const finish = (answer: boolean) => {
      socket.destroy()
      resolve(answer)
    }
    socket.setTimeout(TRY_MS_MAX, () => finish(false))
    socket.once('data', (bytes) => finish(bytes.toString().startsWith('+PONG')))
    socket.once('error', () => finish(false))
    socket.once('close', () => finish(false))
  })
}
