import { Redis } from 'ioredis'

const CONNECT_TIMEOUT_MS = 5_000
const RETRY_DELAY_MS_MAX = 1_000

/**
 * A connection that waits for Redis to come back: commands queue while it is away, since a processor waits and loses
 * nothing. A command that was sent when the connection broke is rejected rather than sent twice.
 */
export function createRedis(url: string, onError: (error: Error) => void): Redis {
  const redis = new Redis(url, {
    connectTimeout: CONNECT_TIMEOUT_MS,
    maxRetriesPerRequest: null,
    autoResendUnfulfilledCommands: false,
    enableReadyCheck: true,
    retryStrategy: (attempt) => Math.min(50 * attempt, RETRY_DELAY_MS_MAX),
  })
  redis.on('error', onError)
  return redis
}
