import { type SqlToken, sqlTokens } from './sql-tokens.ts'

/** How a statement must be run. */
export type Statement =
  | { kind: 'select'; sql: string; format: string | null }
  | { kind: 'insert'; head: string; tail: string; format: string; dataStart: number }
  | { kind: 'other'; sql: string }
  | { kind: 'refused'; code: number; reason: string }

const SYNTAX_ERROR = 62
const UNSUPPORTED = 48
/** The statement itself; data of an INSERT does not count. */
const STATEMENT_TOKENS_MAX = 200_000

/**
 * Tells what a text is before the engine sees it. The engine would run all of several statements, and would take data
 * after an empty line for a statement: so only one statement passes, and the data of an INSERT is cut off here.
 * @param sql one character a byte (latin1), so that positions are those of the bytes
 */
export function statementFromSql(sql: string): Statement {
  const tokens = sqlTokens(sql)
  const first = tokens.next()
  if (first.done === true) return { kind: 'refused', code: SYNTAX_ERROR, reason: 'Empty query' }
  const keyword = upper(first.value)
  if (keyword === 'INSERT') return insertFrom(sql, first.value, tokens)
  const rest = [first.value]
  for (const token of tokens) {
    if (rest.push(token) > STATEMENT_TOKENS_MAX) return { kind: 'refused', code: SYNTAX_ERROR, reason: 'The query is too long' }
  }
  if (hasSecondStatement(rest)) return { kind: 'refused', code: SYNTAX_ERROR, reason: 'Multi-statements are not allowed' }
  const whole = withoutSemicolon(sql, rest)
  if (keyword !== 'SELECT' && keyword !== 'WITH' && keyword !== '(') return { kind: 'other', sql: whole.sql }
  return selectFrom(whole.sql, whole.tokens)
}

function upper(token: SqlToken | undefined): string {
  return token === undefined || token.kind === 'quoted' ? '' : token.text.toUpperCase()
}

function hasSecondStatement(tokens: SqlToken[]): boolean {
  const end = tokens.findIndex((token) => token.text === ';')
  return end !== -1 && tokens.slice(end).some((token) => token.text !== ';')
}

function withoutSemicolon(sql: string, tokens: SqlToken[]): { sql: string; tokens: SqlToken[] } {
  const kept = tokens.filter((token) => token.text !== ';')
  return { sql: sql.slice(0, kept.at(-1)?.end ?? 0), tokens: kept }
}

/** A format at the very end is taken off, since a streamed SELECT gets it apart from its text. */
function selectFrom(sql: string, tokens: SqlToken[]): Statement {
  const [word, name] = tokens.slice(-2)
  if (tokens.length < 3 || upper(word) !== 'FORMAT' || name?.kind !== 'word' || word === undefined) return { kind: 'select', sql, format: null }
  return { kind: 'select', sql: sql.slice(0, word.start), format: name.text }
}

/** Cuts `INSERT INTO t (a) SETTINGS x=1 FORMAT f data` before SETTINGS, where the file with the data is to be named. */
function insertFrom(sql: string, first: SqlToken, tokens: Generator<SqlToken>): Statement {
  let depth = 0
  let settings: SqlToken | null = null
  let seen = 0
  let last = first
  for (const token of tokens) {
    const word = upper(token)
    if (++seen > STATEMENT_TOKENS_MAX) break
    if (token.text === '(') depth += 1
    else if (token.text === ')') depth -= 1
    else if (token.text === ';') break
    else if (depth === 0 && (word === 'SELECT' || word === 'WITH')) return insertSelect(sql, tokens)
    else if (depth === 0 && word === 'SETTINGS') settings ??= token
    else if (depth === 0 && word === 'VALUES') return insertData(sql, settings, token, 'Values', token.end)
    else if (depth === 0 && word === 'FORMAT') return insertWithFormat(sql, settings, token, tokens)
    // `INSERT INTO t (SELECT ...)`: a query in brackets.
    else if (depth === 1 && last.text === '(' && word === 'SELECT') return insertSelect(sql, tokens)
    last = token
  }
  return { kind: 'refused', code: SYNTAX_ERROR, reason: 'An INSERT needs VALUES, SELECT or FORMAT' }
}

function insertWithFormat(sql: string, settings: SqlToken | null, format: SqlToken, tokens: Generator<SqlToken>): Statement {
  const name = tokens.next()
  if (name.done === true || name.value.kind !== 'word') return { kind: 'refused', code: SYNTAX_ERROR, reason: 'Expected a name after FORMAT' }
  return insertData(sql, settings, format, name.value.text, name.value.end)
}

function insertData(sql: string, settings: SqlToken | null, before: SqlToken, format: string, end: number): Statement {
  const cut = settings?.start ?? before.start
  return { kind: 'insert', head: sql.slice(0, cut), tail: sql.slice(cut, before.start), format, dataStart: startOfData(sql, end) }
}

/** One line break or the blanks of the same line stand between the format and the data; more belongs to the data. */
function startOfData(sql: string, end: number): number {
  let at = end
  while (sql[at] === ' ' || sql[at] === '\t' || sql[at] === '\r') at += 1
  if (sql[at] === ';') return sql.length
  return sql[at] === '\n' ? at + 1 : at
}

function insertSelect(sql: string, tokens: Generator<SqlToken>): Statement {
  const rest = [...tokens]
  if (hasSecondStatement(rest)) return { kind: 'refused', code: SYNTAX_ERROR, reason: 'Multi-statements are not allowed' }
  const takesInput = rest.some((token, i) => token.text.toLowerCase() === 'input' && rest[i + 1]?.text === '(')
  // With inline data the engine inserts nothing through input() and reports success.
  if (takesInput) return { kind: 'refused', code: UNSUPPORTED, reason: 'The function input() is not supported here: insert into the table directly' }
  return { kind: 'other', sql: sql.replace(/[\s;]+$/, '') }
}
