import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { describe, expect, it } from 'vitest'

/** The rules of the tree that a linter cannot express. Each test answers the list of what breaks its rule. */
const ROOT = dirname(import.meta.dirname)
const LINES_MAX = 350
const TEST_LINES_MAX = 500
const SELF = 'test/architecture.test.ts'

const IGNORED = new Set(['node_modules', '.git', '.tributary', '.cache', 'coverage'])
const files = filesBelow('')
const text = new Map<string, string>()
const textOf = (file: string): string => {
  const known = text.get(file) ?? readFileSync(join(ROOT, file), 'utf8')
  text.set(file, known)
  return known
}
const sources = files.filter((file) => /\.(ts|mts|mjs)$/.test(file))
const isTest = (file: string) => /^test\/|^bench\/|\.test\.ts$|\/fixtures\.ts$/.test(file)

/** What the files of a folder may import of ours, besides their own folder. */
const MAY_IMPORT: Record<string, string[]> = {
  schemas: [],
  runtime: ['schemas'],
  catalog: ['schemas', 'runtime'],
  dashboards: ['schemas', 'runtime', 'catalog'],
  ingest: ['schemas', 'runtime', 'catalog'],
  console: ['schemas', 'runtime', 'catalog', 'dashboards'],
  'processors/attribution': ['schemas', 'runtime', 'catalog'],
  'processors/fraud': ['schemas', 'runtime', 'catalog'],
  'processors/commission': ['schemas', 'runtime', 'catalog'],
  'processors/warehouse': ['schemas', 'runtime', 'catalog'],
  sql: ['schemas', 'runtime'],
}

const PURE = /^processors\/[a-z]+\/(core|rows)\.ts$|^processors\/fraud\/rules\/|^processors\/commission\/deals\/|^runtime\/think\.ts$/
const IMPURE =
  /\bDate\.now\(|\bnew Date\(\)|\bMath\.random\(|\bperformance\.now\(|\bprocess\.(env|hrtime|exit|on)|\bset(Timeout|Interval|Immediate)\(|\bfetch\(/
const IMPURE_MODULES = /^(node:(?!crypto$|assert$|util$|buffer$)|ioredis|@confluentinc|@clickhouse|chdb|pino|fastify|prom-client)/

type Import = { from: string; to: string; typeOnly: boolean }

function importsOf(file: string): Import[] {
  const found: Import[] = []
  for (const match of textOf(file).matchAll(/^\s*(?:import|export)\s+(type\s)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]|\bimport\(['"]([^'"]+)['"]\)/gm)) {
    found.push({ from: file, to: resolved(file, match[2] ?? match[3] ?? ''), typeOnly: match[1] !== undefined })
  }
  return found
}

function resolved(file: string, specifier: string): string {
  return specifier.startsWith('.') ? posix.normalize(posix.join(posix.dirname(file), specifier)) : specifier
}

function folderOf(file: string): string {
  const [first = '', second = ''] = file.split('/')
  return first === 'processors' ? `${first}/${second}` : first
}

const isOurs = (path: string) => files.includes(path)

describe('imports', () => {
  it('cross a folder only in the direction of the path of an event', () => {
    const wrong = sources
      .filter((file) => !isTest(file) && folderOf(file) in MAY_IMPORT)
      .flatMap(importsOf)
      .filter(({ from, to }) => isOurs(to) && folderOf(to) !== folderOf(from) && !(MAY_IMPORT[folderOf(from)] ?? []).includes(folderOf(to)))
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
  })

  it('name files that exist', () => {
    const wrong = sources
      .flatMap(importsOf)
      .filter(
        ({ to }) =>
          /^[a-z]+\//.test(to) && /\.(ts|mjs)$/.test(to) && !isOurs(to) && !to.includes('node_modules') && existsSync(join(ROOT, to.split('/')[0] ?? '')),
      )
    expect(wrong.map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
  })

  it('of the tests stay out of the product', () => {
    const wrong = sources.filter((file) => !isTest(file)).flatMap(importsOf)
    expect(wrong.filter(({ from, to }) => to.startsWith('test/') && !from.endsWith('.config.ts')).map(({ from, to }) => `${from} imports ${to}`)).toEqual([])
  })
})

describe('pure files', () => {
  const pure = sources.filter((file) => PURE.test(file) && !isTest(file))

  it('are there', () => {
    expect(pure.length).toBeGreaterThan(10)
  })

  it('reach neither a clock, nor chance, nor anything outside, also not through what they import', () => {
    const seen = new Set<string>()
    const problems: string[] = []
    const visit = (file: string, path: string[]) => {
      if (seen.has(file)) return
      seen.add(file)
      const called = IMPURE.exec(withoutComments(textOf(file)))?.[0]
      if (called !== undefined) problems.push(`${[...path, file].join(' -> ')} uses ${called}`)
      for (const { to, typeOnly } of importsOf(file)) {
        if (typeOnly) continue
        if (IMPURE_MODULES.test(to)) problems.push(`${[...path, file].join(' -> ')} imports ${to}`)
        // The list of currencies and the like are read once, when the program starts.
        else if (isOurs(to) && !to.startsWith('schemas/')) visit(to, [...path, file])
      }
    }
    for (const file of pure) visit(file, [])
    expect(problems).toEqual([])
  })
})

describe('the tree', () => {
  it('keeps the words of the business out of runtime', () => {
    const words = /\b(clicks?|postbacks?|affiliates?|fraud|conversions?|players?)\b/i
    const wrong = sources
      .filter((file) => file.startsWith('runtime/') && !isTest(file) && file !== 'runtime/config.ts')
      .flatMap((file) =>
        withoutTopicNames(textOf(file))
          .split('\n')
          .flatMap((line, i) => (words.test(line) ? [`${file}:${i + 1} ${line.trim()}`] : [])),
      )
    expect(wrong).toEqual([])
  })

  it('keeps files short enough to be read', () => {
    const long = sources.filter((file) => !file.endsWith('.generated.ts') && textOf(file).split('\n').length > (isTest(file) ? TEST_LINES_MAX : LINES_MAX))
    expect(long.map((file) => `${file}: ${textOf(file).split('\n').length} lines`)).toEqual([])
  })

  it('names neither the host of a package registry nor a folder of one machine', () => {
    const wrong = files.filter((file) => !/\.(png|ico|woff2|mmdb)$/.test(file) && file !== SELF)
    const hit = /registry\.npmjs|npmmirror|artifactory|\/repository\/npm|repo\.maven|repo1\.maven|"resolved"|(?<![\w./:-])\/(work|home|Users|tmp\/dev|root)\//
    expect(wrong.filter((file) => hit.test(textOf(file)))).toEqual([])
  })

  it('skips no test and singles none out', () => {
    const wrong = files.filter((file) => file.endsWith('.test.ts') && /\b(it|test|describe)\.(skip|only|todo)\b/.test(textOf(file)) && file !== SELF)
    expect(wrong).toEqual([])
  })

  it('has every name in small letters with hyphens', () => {
    const wrong = sources.filter((file) => !/^[a-z0-9.-]+$/.test(posix.basename(file)))
    expect(wrong).toEqual([])
  })
})

function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => !IGNORED.has(entry.name))
    .flatMap((entry) => {
      const path = posix.join(folder, entry.name)
      return entry.isDirectory() ? filesBelow(path) : [path]
    })
}

function withoutComments(source: string): string {
  return source.replaceAll(/\/\*[\s\S]*?\*\//g, '').replaceAll(/(^|\s)\/\/.*$/gm, '')
}

/** A topic is passed on under its name in the registry. */
function withoutTopicNames(source: string): string {
  return source.replaceAll(/topics\['[a-z-]+'\]|topics\.[a-z]+/g, '').replaceAll(/'(clicks|player-events|click-verdicts)'/g, '')
}
