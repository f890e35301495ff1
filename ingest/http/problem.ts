/** What was wrong with a request, told to its sender. It names fields and fixes, never a value that was sent. */
export type Problem = {
  status: number
  code: string
  detail: string
  field?: string
  fix?: string
  retryAfterS?: number
  allow?: string
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  408: 'Request Timeout',
  413: 'Content Too Large',
  415: 'Unsupported Media Type',
  429: 'Too Many Requests',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
}

export const PROBLEM_TYPE = 'application/problem+json'

/** The body of an answer that tells a problem (RFC 9457). */
export function bodyFromProblem(problem: Problem): string {
  const { status, code, detail, field, fix } = problem
  return JSON.stringify({ type: `urn:tributary:problem:${code}`, title: TITLES[status] ?? 'Error', status, detail, code, field, fix })
}

/** The headers that a problem asks for beside its content type. */
export function headersFromProblem(problem: Problem): Record<string, string> {
  const headers: Record<string, string> = { 'content-type': PROBLEM_TYPE, 'cache-control': 'no-store' }
  if (problem.retryAfterS !== undefined) headers['retry-after'] = String(problem.retryAfterS)
  if (problem.allow !== undefined) headers['allow'] = problem.allow
  if (problem.status === 401) headers['www-authenticate'] = 'Bearer'
  return headers
}

/** A name as the sender wrote it, made safe to show: short and printable. */
export function shownName(name: string): string {
  const printable = [...name].map((char) => (/[\x20-\x7e]/.test(char) ? char : '?'))
  return printable.length <= 64 ? printable.join('') : `${printable.slice(0, 61).join('')}...`
}

export const unknownIntegration: Problem = {
  status: 404,
  code: 'unknown_integration',
  detail: 'no integration has this id',
  fix: 'check the id in the address',
}
export const unknownLink: Problem = { status: 404, code: 'unknown_link', detail: 'no link has this id', fix: 'check the id in the address' }
export const unauthorized: Problem = {
  status: 401,
  code: 'unauthorized',
  detail: 'the token is missing, unknown, or belongs to another integration',
  fix: 'send the secret of this integration as "Authorization: Bearer <secret>"; postbacks also take the parameter token',
}
export const tooLarge: Problem = {
  status: 413,
  code: 'body_too_large',
  detail: 'the body is larger than 4 MiB, or is after decompression',
  fix: 'send less in one request',
}

export function forbiddenScope(scope: string): Problem {
  return {
    status: 403,
    code: 'scope_missing',
    detail: `the integration lacks the scope ${scope}`,
    fix: `add ${scope} to the scopes of the integration in the catalog`,
  }
}

export function unsupportedType(accepts: string): Problem {
  return {
    status: 415,
    code: 'unsupported_content_type',
    detail: 'the content type, its charset or the content encoding is not taken here',
    fix: `send ${accepts} in UTF-8, plain or with gzip`,
  }
}

export function methodNotAllowed(allow: string): Problem {
  return { status: 405, code: 'method_not_allowed', detail: `this address takes ${allow}`, fix: `use ${allow}`, allow }
}

export function unavailable(reason: string, retryAfterS = 2): Problem {
  return {
    status: 503,
    code: reason,
    detail: 'nothing of this request was acknowledged',
    fix: 'send the same request again; what is sent twice counts once',
    retryAfterS,
  }
}

export function limited(retryAfterS = 1): Problem {
  return {
    status: 429,
    code: 'too_many_in_flight',
    detail: 'too many events of this integration wait for their answers',
    fix: 'send again later, with fewer requests at once',
    retryAfterS,
  }
}
