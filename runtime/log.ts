import { pino } from 'pino'

export type Log = {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** JSON lines on stdout, one a statement; the second belt against secrets is the list of redacted names. */
export function createLog(name: string): Log {
  return pino({
    base: { name, pid: process.pid },
    timestamp: pino.stdTimeFunctions.isoTime,
    redact: ['*.token', '*.secret', '*.authorization', '*.ip', '*.user_agent', 'token', 'secret', 'authorization', 'ip', 'user_agent'],
  })
}
