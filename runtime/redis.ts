import { Redis } from 'ioredis'

const CONNECT_TIMEOUT_MS = 5_000
const RETRY_DELAY_MS_MAX = 1_000

/**
 * A connection that waits for Redis to come back: commands queue while it is away, since a processor waits and loses
 * nothing. A command whose answer was lost with the connection is sent again, so whatever is sent must bear that: every
 * write here compares what it finds first, or says the same twice.
 */
export function createRedis(url: string, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: null,
    // Without it the client forgets such a command, and whoever waits for it waits for ever.
    autoResendUnfulfilledCommands: true,
    enableReadyCheck: true,
    retryStrategy: (attempt) => Math.min(50 * attempt, RETRY_DELAY_MS_MAX),
  })
  redis.on('error', onError)
  return redis
}
