/** A piece of SQL that means something: no blanks, no comments. `start` and `end` are positions in the text. */
export type SqlToken = { kind: 'word' | 'quoted' | 'sign'; text: string; start: number; end: number }

const WORD = /[A-Za-z_0-9$\u0080-\uffff]/
const BLANK = /\s/

/**
 * Reads SQL token by token, as far as the caller asks: what follows the data section of an INSERT is never looked at.
 * Quotes and comments are skipped as wholes, so that a keyword inside them is not taken for one.
 */
export function* sqlTokens(sql: string): Generator<SqlToken> {
  let at = 0
  while (at < sql.length) {
    const sign = sql.charAt(at)
    if (BLANK.test(sign)) {
      at += 1
      continue
    }
    const comment = endOfComment(sql, at)
    if (comment !== null) {
      at = comment
      continue
    }
    const end = endOfToken(sql, at)
    yield { kind: kindOf(sign), text: sql.slice(at, end), start: at, end }
    at = end
  }
}

function kindOf(sign: string): SqlToken['kind'] {
  if (isQuote(sign)) return 'quoted'
  return WORD.test(sign) ? 'word' : 'sign'
}

function isQuote(sign: string): boolean {
  return sign === "'" || sign === '"' || sign === '`'
}

function endOfComment(sql: string, at: number): number | null {
  if (sql.startsWith('/*', at)) return endAfter(sql, '*/', at + 2)
  if (sql.startsWith('--', at) || sql.startsWith('#!', at) || sql.startsWith('# ', at)) return endAfter(sql, '\n', at)
  return null
}

function endAfter(sql: string, mark: string, from: number): number {
  const found = sql.indexOf(mark, from)
  return found === -1 ? sql.length : found + mark.length
}

function endOfToken(sql: string, at: number): number {
  const first = sql.charAt(at)
  if (isQuote(first)) return endOfQuoted(sql, at, first)
  let end = at + 1
  if (WORD.test(first)) while (end < sql.length && WORD.test(sql.charAt(end))) end += 1
  return end
}

function endOfQuoted(sql: string, at: number, quote: string): number {
  let end = at + 1
  while (end < sql.length && sql[end] !== quote) end += sql[end] === '\\' ? 2 : 1
  return Math.min(end + 1, sql.length)
}
