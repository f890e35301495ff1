import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { contentFromRows, type CatalogRows } from '../catalog/content-from-rows.ts'
import type { FieldSpec, ObjectSpec } from '../catalog/field-spec.ts'
import { secretHash } from '../catalog/integration-secrets.ts'
import { listNames, lists } from '../catalog/lists.ts'
import { loadCatalog } from '../catalog/load-catalog.ts'
import type { Command } from '../cli/command.ts'
import { pointsOf, ruleIds } from '../processors/fraud/rules/registry.ts'
import { loadConfig } from '../runtime/config.ts'
import { deadLetterFrom } from '../runtime/dead-letter.ts'
import { topics } from '../schemas/topics.ts'
import { createTestIngest } from './support/ingest-app.ts'

/** The reference names everything there is, and nothing else: each test compares its tables with the code. */
const ROOT = dirname(import.meta.dirname)
const DAY_MS = 86_400_000

const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const filesIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .map((name) => `${folder}/${name}`)
    .sort()
const sourcesIn = (...folders: string[]): string =>
  folders
    .flatMap(filesIn)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .map(textOf)
    .join('\n')
const page = (name: string): string => textOf(`docs/reference/${name}.md`)
const pages = ['docs/reference.md', 'docs/architecture.md', 'docs/runbook.md', ...filesIn('docs/reference')]
const sorted = (values: Iterable<string>): string[] => [...new Set(values)].sort()
const found = (text: string, pattern: RegExp): string[] => [...text.matchAll(pattern)].map((match) => match[1] ?? '')
const quoted = (cell: string): string[] => found(cell, /`([^`]+)`/g)

/** The part of a page under a heading, up to the next one of the same or a higher level. */
function section(text: string, heading: string): string {
  const at = text.indexOf(`\n${heading}\n`)
  expect(at, `the heading ${heading}`).toBeGreaterThanOrEqual(0)
  const rest = text.slice(at + heading.length + 2)
  const level = heading.split(' ')[0]?.length ?? 1
  const end = rest.search(new RegExp(`^#{1,${level}} `, 'm'))
  return end < 0 ? rest : rest.slice(0, end)
}

/** The rows of the tables in a text, without their heads, as trimmed cells. */
function rowsOf(text: string): string[][] {
  const lines = text.split('\n')
  const isHead = (i: number) => [lines[i], lines[i + 1]].some((line) => line?.startsWith('|-'))
  return lines.flatMap((line, i) =>
    line.startsWith('|') && !isHead(i)
      ? [
          line
            .split(/(?<!\\)\|/)
            .slice(1, -1)
            .map((cell) => cell.trim()),
        ]
      : [],
  )
}
const firstCells = (text: string): string[] => rowsOf(text).flatMap(([first = '']) => quoted(first))

describe('commands and environment', () => {
  it('name every variable with its default', () => {
    const read = new Set<string>()
    const recorder = new Proxy<Record<string, string>>({}, { get: (_, name) => void read.add(String(name)) })
    loadConfig(recorder)
    const rows = rowsOf(section(page('commands'), '## Environment'))
    expect(rows.flatMap(([name = '']) => quoted(name))).toEqual(expect.arrayContaining([...read]))
    expect(rows).toHaveLength(read.size)
    const source = textOf('runtime/config.ts')
    for (const [name = '', fallback = ''] of rows) {
      const [variable = ''] = quoted(name)
      const given = new RegExp(`read\\(env, '${variable}', (?:'([^']*)'|null),`).exec(source)?.[1]
      expect(given ? [given] : [], variable).toEqual(quoted(fallback))
    }
  })

  it('name every command with its options', async () => {
    const names = readdirSync(join(ROOT, 'cli/commands'))
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
      .map((file) => file.replace('.ts', ''))
    const rows = rowsOf(section(page('commands'), '## tributary'))
    expect(sorted(rows.map(([usage = '']) => quoted(usage)[0]?.split(' ')[0] ?? ''))).toEqual(sorted(names))
    for (const name of names) {
      const { command } = (await import(`../cli/commands/${name}.ts`)) as { command: Command }
      const row = rows.find(([usage = '']) => usage.startsWith(`\`${name}`))?.join(' ') ?? ''
      expect(sorted(found(row, /(--[a-z-]+)/g)), name).toEqual(sorted(Object.keys(command.options).map((option) => `--${option}`)))
    }
  })

  it('name only scripts and commands that exist, on every page', () => {
    const scripts = Object.keys((JSON.parse(textOf('package.json')) as { scripts: Record<string, string> }).scripts)
    const commands = rowsOf(section(page('commands'), '## tributary')).map(([usage = '']) => quoted(usage)[0]?.split(' ')[0] ?? '')
    for (const file of pages) {
      const text = textOf(file)
      const called = [...found(text, /npm run (?:-s )?([a-z:-]+)/g), ...found(text, /npm (start|test)\b/g)]
      expect(scripts, file).toEqual(expect.arrayContaining(called))
      expect(commands, file).toEqual(expect.arrayContaining(found(text, /tributary -- ([a-z]+)/g)))
    }
  })

  it('name only variables and measures that exist, on every page', () => {
    const code = sourcesIn('runtime', 'ingest', 'processors')
    for (const file of pages) {
      const names = found(textOf(file), /`((?:TRIBUTARY_[A-Z_]+|[A-Z]+_(?:URL|BROKERS)|(?:tributary|chain|fraud)_[a-z]+_[a-z_]+))`/g)
      const unknown = names.filter((name) => !code.includes(`'${name}'`))
      expect(unknown, file).toEqual([])
    }
  })
})

describe('the catalog', () => {
  const fieldsOf = (spec: ObjectSpec): string[] => Object.entries(spec.fields).map(([name, field]) => (field.optional ? `${name}?` : name))
  const documented = (text: string): string[] => rowsOf(text).flatMap(([cell = '']) => quoted(cell).map((name) => (cell.endsWith('?') ? `${name}?` : name)))

  it('has every list with every field', () => {
    const text = page('catalog')
    expect(found(text, /^## ([a-z-]+)\.yaml$/gm)).toEqual(listNames)
    for (const name of listNames) {
      const spec: FieldSpec = lists[name]
      const table = section(text, `## ${name}.yaml`).split('\n\n| component')[0]?.split('\n\n| rule')[0] ?? ''
      const fields = spec.kind === 'variants' ? Object.values(spec.variants).flatMap(fieldsOf) : spec.kind === 'object' ? fieldsOf(spec) : []
      expect(documented(table), name).toEqual([...new Set(fields)])
    }
  })

  it('has every kind of component with its fields', () => {
    const { variants } = lists.deals.fields.components.of
    const rows = rowsOf(section(page('catalog'), '## deals.yaml')).filter(([cell = '']) => cell.startsWith('`type:'))
    const told = Object.fromEntries(rows.map(([type = '', fields = '']) => [quoted(type)[0]?.replace('type: ', ''), quoted(fields)]))
    expect(told).toEqual(Object.fromEntries(Object.entries(variants).map(([type, spec]) => [type, Object.keys(spec.fields).filter((name) => name !== 'type')])))
  })

  it('has every fraud rule with its default parameters and its weight', () => {
    const { fraudRules } = contentFromRows(Object.fromEntries(listNames.map((name) => [name, []])) as unknown as CatalogRows)
    const rows = rowsOf(section(page('catalog'), '## fraud-rules.yaml')).filter((cells) => cells.length === 4)
    expect(rows.flatMap(([cell = '']) => quoted(cell)).sort()).toEqual([...ruleIds].sort())
    for (const rule of fraudRules) {
      const [, params = '', , points = ''] = rows.find(([cell]) => cell === `\`${rule.id}\``) ?? []
      const numbers = Object.values(rule.params).flatMap((value: number | object) => (typeof value === 'object' ? Object.values(value) : [value]))
      expect(found(params, /\((\d+)\)/g), rule.id).toEqual(numbers.map(String))
      const reason = { rule_id: rule.id, rule_version: 1, threshold: null, window_ms: null, n: null, shadow: false, text: '' }
      const weights = [null, 1].map((observed) => String(pointsOf({ ...reason, observed })))
      expect(found(points, /(\d+)/g), rule.id).toEqual([...new Set(weights)])
    }
  })
})

describe('HTTP', () => {
  const statusesIn = (code: string): string[] => found(code, /(?:status: |\.code\()(\d{3})\b/g)
  const codesIn = (code: string): string[] => found(code, /\bcode: (?:\w[^',]*\? )?'([a-z_]+)'/g)
  const routesIn = (text: string): string[] =>
    rowsOf(text).flatMap(([cell = '']) => {
      const methods = /`HEAD`/.test(cell) ? ['HEAD'] : /`POST` alike/.test(cell) ? ['POST'] : []
      const named = quoted(cell).filter((name) => name.includes(' '))
      return named.flatMap((name) => [name, ...methods.map((method) => `${method} ${name.split(' ')[1]}`)])
    })

  it('in has every route with its answers', () => {
    const { paths } = JSON.parse(textOf('ingest/openapi.json')) as { paths: Record<string, Record<string, { responses: Record<string, object> }>> }
    const described = Object.entries(paths).flatMap(([path, methods]) => Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`))
    const plain = found(textOf('ingest/routes/health.ts'), /route\('([^']+)'/g)
    const expected = [...described, 'HEAD /c/{link_id}', ...plain.flatMap((path) => [`GET ${path}`, `HEAD ${path}`])]
    const table = page('http-in').split('\n## ')[0] ?? ''
    expect(sorted(routesIn(table))).toEqual(sorted(expected))
    for (const [method = '', path = ''] of described.map((route) => route.split(' '))) {
      const row = rowsOf(table).find(([cell = '']) => cell.includes(` ${path}\``))
      const good = Object.keys(paths[path]?.[method.toLowerCase()]?.responses ?? {}).filter((status) => status < '400')
      expect([row?.[2]], `${method} ${path}`).toEqual(good)
    }
  })

  it('in has every problem with its status', () => {
    const code = sourcesIn('ingest').replace(/readonly code: [^\n]*/g, '')
    const rows = rowsOf(section(page('http-in'), '## Errors'))
    const success = ['200', '202', '302']
    expect(sorted(rows.map(([status = '']) => status))).toEqual(sorted(statusesIn(code).filter((status) => !success.includes(status))))
    const decimal = found(/type DecimalProblem =([\s\S]*?)\n\n/.exec(textOf('schemas/money.ts'))?.[1] ?? '', /'([a-z_]+)'/g)
    // What the spill throws becomes one of these.
    const stored = found(/type Stored = (.*)/.exec(code)?.[1] ?? '', /'([a-z_]+)'/g).filter((name) => name !== 'stored' && name !== 'limited')
    expect(sorted(rows.flatMap(([, codes = '']) => quoted(codes)))).toEqual(sorted([...codesIn(code), ...decimal, ...stored]))
  })

  it('in has every field of an event and of a click', () => {
    const rules = textOf('ingest/event/field-rules.ts')
    const names = found(/const fieldNames[^=]*= \[([\s\S]*?)\]/.exec(rules)?.[1] ?? '', /'([a-z_]+)'/g)
    const events = firstCells(section(page('http-in'), '## GET|POST /v1/postbacks/{integration_id}'))
    expect(sorted(events)).toEqual(sorted([...names, 'event_id', 'attr.<name>']))
    const click = textOf('ingest/click/click-from-fields.ts')
    const clickNames = found(click, /const (?:required|optional) = \[([^\]]*)\]/g).flatMap((list) => found(list, /'([a-z_]+)'/g))
    expect(sorted(firstCells(section(page('http-in'), '## POST /v1/clicks')))).toEqual(sorted(clickNames))
  })

  it('out has every route, every status and every problem', () => {
    const code = sourcesIn('console')
    const paths = found(sourcesIn('console/routes'), /app\.get\(\s*'([^']+)'/g).map((path) => path.replaceAll(/:([a-z_]+)/g, '{$1}'))
    const text = page('http-out')
    const routes = rowsOf(text.split('\n## ')[0] ?? '').filter(([cell = '']) => cell.includes('GET '))
    expect(sorted(routes.flatMap(([cell = '']) => quoted(cell)))).toEqual(sorted(['/', ...paths].map((path) => `GET ${path}`)))
    const problems = rowsOf(text.split('\n## ')[0] ?? '').filter(([cell = '']) => /^\d{3}$/.test(cell))
    const told = [...problems.map(([status = '']) => status), ...routes.flatMap(([, , statuses = '']) => found(statuses, /(\d{3})/g))]
    expect(sorted(told)).toEqual(sorted([...statusesIn(code).filter((status) => status !== '500'), '200']))
    const access = found(/code: given[^,]*/.exec(code)?.[0] ?? '', /'([a-z_]+)'/g)
    expect(sorted(problems.flatMap(([, codes = '']) => quoted(codes)))).toEqual(sorted([...codesIn(code), ...access]))
  })
})

describe('topics and records', () => {
  const text = page('topics')
  const records = section(text, '## Records')

  it('have every topic with key, record, partitions and retention', () => {
    const told = rowsOf(text.split('\n## ')[0] ?? '').map((cells) => cells.slice(0, 5))
    const kept = (retentionMs: number) => (retentionMs < 0 ? 'for ever' : `${retentionMs / DAY_MS} days`)
    const recordOf = (name: keyof typeof topics) => topics[name].record ?? (name === 'catalog' ? 'JSON' : 'original bytes')
    const expected = Object.values(topics).map((topic) => [
      `\`${topic.name}\``,
      topic.key,
      recordOf(topic.name),
      String(topic.partitions),
      kept(topic.retentionMs),
    ])
    expect(told).toEqual(expected)
  })

  it('have every field of every record, in order, and whether it may be null', () => {
    type Schema = { name: string; fields: { name: string; type: unknown }[] }
    const schemas = readdirSync(join(ROOT, 'schemas/avro'))
      .filter((file) => file.endsWith('.avsc'))
      .map((file) => JSON.parse(textOf(`schemas/avro/${file}`)) as Schema)
    expect(sorted(found(records, /^### (\w+)$/gm))).toEqual(sorted(schemas.map(({ name }) => name)))
    for (const { name, fields } of schemas) {
      const told = rowsOf(section(records, `### ${name}`)).map(([field = '', type = '']) => `${quoted(field)[0]}${type.endsWith('?') ? '?' : ''}`)
      expect(told, name).toEqual(fields.map((field) => (Array.isArray(field.type) ? `${field.name}?` : field.name)))
    }
  })

  it('have every header of a dead letter', () => {
    const record = { topic: 't', partition: 0, offset: 0, timestampMs: 0, key: null, value: null, headers: {} }
    const { headers = {} } = deadLetterFrom(record, 't', { step: '', reason: '', atMs: 0 })
    expect(firstCells(section(text, '## Dead letters')).filter((name) => name.startsWith('dlq-'))).toEqual(Object.keys(headers))
  })

  it('have every disposition and every reason', () => {
    const fields = (JSON.parse(textOf('schemas/avro/Disposition.avsc')) as { fields: { name: string; type: unknown }[] }).fields
    const valuesOf = (name: string) => found(JSON.stringify(fields.find((field) => field.name === name)?.type).split('"values":')[1] ?? '', /"([a-z_]+)"/g)
    const told = firstCells(section(page('semantics'), '## Dispositions'))
    expect(told).toEqual([...valuesOf('disposition'), ...valuesOf('reason')])
  })
})

describe('the views', () => {
  const sql = textOf('sql/002_views.sql')
  const text = page('views')
  const views = [...sql.matchAll(/CREATE VIEW IF NOT EXISTS \$\{views\}\.(\w+)\n\(([\s\S]*?)\n\)\nAS/g)]

  it('are all there', () => {
    expect(views.length).toBe(found(sql, /(CREATE VIEW)/g).length)
    expect(found(text, /^### (\w+)$/gm)).toEqual(views.map(([, name]) => name))
  })

  it('have every column with its type', () => {
    for (const [, name = '', body = ''] of views) {
      const columns = [...body.matchAll(/^\s*`?(\w+)`?\s+(.+?) COMMENT '/gm)].map(([, column, type]) => `${column} ${type}`)
      const told = rowsOf(section(text, `### ${name}`)).map(([column = '', type = '']) => `${quoted(column)[0]} ${type}`)
      expect(told, name).toEqual(columns)
    }
  })
})

describe('the examples', () => {
  const SECRET = 'secret-of-the-demo'
  const ORIGIN = 'http://127.0.0.1:8080'

  async function demoIngest() {
    const { app, context } = await createTestIngest()
    const catalog = loadCatalog(join(ROOT, 'catalog'))
    if (Array.isArray(catalog)) throw new Error('the demo catalog cannot be read')
    const integration = catalog.integrations.find(({ id }) => id === 'harbor-platform')
    if (integration === undefined) throw new Error('the demo catalog has no harbor-platform')
    Object.assign(context, { catalog, secrets: { byHash: new Map([[secretHash(SECRET), integration]]) } })
    return app
  }

  it('from a click to a receipt are answered as they say', async () => {
    const app = await demoIngest()
    const text = textOf('docs/reference.md')
    const click = await app.inject(found(text, new RegExp(`'${ORIGIN}(/c/[^']+)'`, 'g'))[0] ?? '')
    expect(click.headers['location']).toMatch(found(text, /# location: (\S+)<click_id>/g)[0] ?? 'no example')
    const clickId = URL.parse(String(click.headers['location']))?.searchParams.get('click_id') ?? ''
    const path = found(text, new RegExp(`IN=${ORIGIN}(\\S+)`, 'g'))[0] ?? ''
    const queries = found(text, /"\$IN(\?[^"]+)"/g).map((query) => query.replace('$SECRET', SECRET).replace('<click_id>', clickId))
    expect(queries.length).toBeGreaterThan(1)
    const answers = await Promise.all(queries.map((query) => app.inject(path + query)))
    expect(answers.map((answer) => [answer.statusCode, answer.json<{ status: string }>().status])).toEqual(queries.map(() => [200, 'accepted']))
  })

  it('of a postback in JSON is accepted', async () => {
    const app = await demoIngest()
    const [payload = ''] = found(section(page('http-in'), '## GET|POST /v1/postbacks/{integration_id}'), /-d '([^']+)'/g)
    const headers = { authorization: `Bearer ${SECRET}`, 'content-type': 'application/json' }
    expect((await app.inject({ method: 'POST', url: '/v1/postbacks/harbor-platform', headers, payload })).statusCode).toBe(200)
  })

  it('name what the demo catalog has', () => {
    const demo = listNames.map((name) => textOf(`catalog/${name}.yaml`)).join('\n')
    const deal = found(section(page('catalog'), '## deals.yaml'), /```yaml\n([\s\S]*?)```/g)[0] ?? 'no example'
    expect(demo).toContain(deal)
  })
})

describe('links and paths of the documentation', () => {
  it('lead to something', () => {
    for (const file of pages) {
      const text = textOf(file)
      const links = found(text, /\]\(([^)#]+)(?:#[^)]*)?\)/g).map((link) => join(dirname(file), link))
      const paths = found(text, /`((?:runtime|ingest|processors|schemas|catalog|cli|sql|console)\/[a-z0-9/._-]*)`/g)
      const missing = [...links, ...paths].filter((path) => !existsSync(join(ROOT, path)))
      expect(missing, file).toEqual([])
    }
  })
})
