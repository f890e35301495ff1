/** What the engine, or this endpoint, answers instead of a result. */
export type EngineError = { code: number; status: number; message: string }

const UNKNOWN_EXCEPTION = 1002
const STATUS_DEFAULT = 500
const STATUS = new Map([
  ...[6, 26, 27, 36, 38, 41, 42, 43, 44, 47, 53, 62, 69, 70, 72, 117, 130, 131, 349, 456, 457].map((code) => [code, 400] as const),
  ...[46, 50, 56, 60, 81, 115].map((code) => [code, 404] as const),
  [48, 501],
  [159, 408],
  [202, 503],
  [210, 503],
  [241, 500],
])
const NAMES = new Map([
  [36, 'BAD_ARGUMENTS'],
  [48, 'NOT_IMPLEMENTED'],
  [62, 'SYNTAX_ERROR'],
  [202, 'TOO_MANY_SIMULTANEOUS_QUERIES'],
  [210, 'NETWORK_ERROR'],
  [UNKNOWN_EXCEPTION, 'UNKNOWN_EXCEPTION'],
])

/** The engine writes `Code: 60. DB::Exception: ... (UNKNOWN_TABLE)`, which clients parse: it passes as it is. */
export function engineErrorFrom(error: unknown): EngineError {
  const message = error instanceof Error ? error.message : String(error)
  const code = /Code: (\d+)\./.exec(message)?.[1]
  return code === undefined
    ? ownError(UNKNOWN_EXCEPTION, message)
    : { code: Number(code), status: statusOf(Number(code)), message: message.slice(message.indexOf('Code: ')).trim() }
}

/** An error of this endpoint in the engine's words. */
export function ownError(code: number, reason: string): EngineError {
  return { code, status: statusOf(code), message: `Code: ${code}. DB::Exception: ${reason}. (${NAMES.get(code) ?? 'UNKNOWN_EXCEPTION'})` }
}

function statusOf(code: number): number {
  return STATUS.get(code) ?? STATUS_DEFAULT
}
