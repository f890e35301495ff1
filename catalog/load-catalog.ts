import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isNode, LineCounter, parseDocument } from 'yaml'
import type { Catalog } from './catalog.ts'
import { catalogFromContent } from './catalog-json.ts'
import { checkRows } from './check-rows.ts'
import { byText, contentFromRows, type CatalogRows } from './content-from-rows.ts'
import { type ListName, listNames, lists, mayBeAbsent } from './lists.ts'
import { type Path, readValue, shown } from './read-value.ts'

/** Something a person must correct before the catalog can be used. */
export type CatalogProblem = { file: string; line: number; field: string; got: string; wants: string; fix: string }

/** Turns a place inside a list into its line in the file. */
export type LineOf = (path: Path) => number

const maxFileBytes = 32 * 1024 * 1024
const maxRows = 200_000
/** A file of another kind makes thousands of findings; nobody reads more than the first ones. */
const maxProblems = 200

type ReadList = { rows: unknown[]; lineOf: LineOf; whole: boolean }

/** Reads the files of a catalog. All problems come back at once, each with its file, line and fix. */
export function loadCatalog(dir: string): Catalog | CatalogProblem[] {
  const problems: CatalogProblem[] = []
  const names = fileNames(dir)
  if (names === null)
    return [{ file: dir, line: 1, field: '', got: 'no folder', wants: 'a folder with the catalog files', fix: 'create it, or correct TRIBUTARY_CATALOG' }]
  problems.push(...strayFiles(dir, names))
  const read = Object.fromEntries(listNames.map((name) => [name, readList(dir, name, names, problems)])) as Record<ListName, ReadList>
  const rows = Object.fromEntries(listNames.map((name) => [name, read[name].rows])) as CatalogRows
  const cross = checkRows(rows, new Set(listNames.filter((name) => !read[name].whole)))
  for (const { list, path, ...rest } of cross) {
    problems.push({ file: filePath(dir, list), line: read[list].lineOf(path), field: fieldName(path), ...rest })
  }
  if (problems.length > 0) return sortedProblems(problems)
  return catalogFromContent(contentFromRows(rows))
}

/** One line for a person: deals.yaml:12: components.0.amount: got 250 (a number), wants ...; fix: quote it. */
export function textFromProblem(problem: CatalogProblem): string {
  const field = problem.field === '' ? '' : `${problem.field}: `
  return `${problem.file}:${problem.line}: ${field}got ${problem.got}, wants ${problem.wants}; fix: ${problem.fix}`
}

function readList(dir: string, name: ListName, names: string[], problems: CatalogProblem[]): ReadList {
  const file = filePath(dir, name)
  const problem = (line: number, field: string, got: string, wants: string, fix: string) => problems.push({ file, line, field, got, wants, fix })
  const none: ReadList = { rows: [], lineOf: () => 1, whole: false }
  if (!names.includes(`${name}.yaml`)) {
    if (mayBeAbsent.includes(name)) return { ...none, whole: true }
    problem(1, '', 'no file', `a YAML list of ${name}`, `create ${name}.yaml; write [] in it when there are none`)
    return none
  }
  const bytes = statSync(file).size
  if (bytes > maxFileBytes) {
    problem(1, '', `${bytes} bytes`, `at most ${maxFileBytes} bytes`, 'remove rows that are no longer needed')
    return none
  }
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(file, 'utf8'), { lineCounter: lines, prettyErrors: false })
  for (const error of document.errors)
    problem(
      lines.linePos(error.pos[0]).line,
      '',
      'text that is not YAML',
      error.message,
      'correct the line; a frequent cause is indentation or a missing quote',
    )
  if (document.errors.length > 0) return none
  const lineOf: LineOf = (path) => {
    for (let length = path.length; length > 0; length--) {
      const node = document.getIn(path.slice(0, length), true)
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line
    }
    return 1
  }
  const parsed: unknown = document.toJS()
  if (parsed !== null && parsed !== undefined && !Array.isArray(parsed)) {
    problem(1, '', shown(parsed), 'a YAML list', 'begin each row with "- "')
    return none
  }
  const items: unknown[] = parsed ?? []
  if (items.length > maxRows) {
    problem(1, '', `${items.length} rows`, `at most ${maxRows} rows`, 'remove rows that are no longer needed')
    return none
  }
  const before = problems.length
  const rows = items.map((item, index) => {
    const found = problems.length
    const row = readValue(lists[name], item, [index], ({ path, got, wants, fix }) => problem(lineOf(path), fieldName(path), got, wants, fix))
    return problems.length === found ? row : undefined
  })
  return { rows, lineOf, whole: problems.length === before }
}

function fileNames(dir: string): string[] | null {
  try {
    return readdirSync(dir, { withFileTypes: true })
      .filter((entry) => !entry.isDirectory())
      .map((entry) => entry.name)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR') return null
    throw error
  }
}

/** A misspelt name must not read as an empty list. */
function strayFiles(dir: string, names: string[]): CatalogProblem[] {
  const known = new Set<string>(listNames.map((name) => `${name}.yaml`))
  return names
    .filter((name) => /\.ya?ml$/i.test(name) && !known.has(name))
    .map((name) => ({ file: join(dir, name), line: 1, field: '', got: `the file ${name}`, wants: `only ${[...known].join(', ')}`, fix: 'rename or remove it' }))
}

const filePath = (dir: string, name: ListName): string => join(dir, `${name}.yaml`)
const fieldName = (path: Path): string => path.slice(1).join('.')

function sortedProblems(problems: CatalogProblem[]): CatalogProblem[] {
  const ordered = problems.sort((a, b) => byText(a.file, b.file) || a.line - b.line)
  if (ordered.length <= maxProblems) return ordered
  const rest = ordered.length - maxProblems
  const last = ordered[maxProblems - 1]
  return [
    ...ordered.slice(0, maxProblems),
    { file: last?.file ?? '', line: last?.line ?? 1, field: '', got: `${rest} more problems`, wants: 'none', fix: 'correct the ones above first' },
  ]
}
