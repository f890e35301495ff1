import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { type Catalog, dealVersionAt, linkById, linkByNumber, linkOfPromo, promoByCode, ruleOf } from './catalog.ts'
import { catalogFromJson, jsonFromCatalog } from './catalog-json.ts'
import { msFromInstant } from './field-spec.ts'
import { schemaFileText } from './json-schema.ts'
import { listNames } from './lists.ts'
import { type CatalogProblem, loadCatalog, textFromProblem } from './load-catalog.ts'

const small: Record<string, string> = {
  brands: '- { id: casino, deep_link_hosts: [Play.Casino.example] }\n- { id: broker, deep_link_hosts: [] }\n',
  affiliates: '- { id: ann, name: Ann }\n- { id: bob, name: Bob }\n',
  offers: [
    '- { id: welcome, brand_id: casino, landing_url: "https://casino.example/l", click_param: cid, attribution_window_days: 30 }',
    '- { id: live, brand_id: broker, landing_url: "https://broker.example/l", click_param: cid, attribution_window_days: 90 }',
    '',
  ].join('\n'),
  links: [
    '- { id: ann-b, number: 9, affiliate_id: ann, offer_id: welcome }',
    '- { id: ann-a, number: 4, affiliate_id: ann, offer_id: welcome }',
    '- { id: bob-a, number: 5, affiliate_id: bob, offer_id: live }',
    '',
  ].join('\n'),
  'promo-codes': [
    '- { code: HELLO, affiliate_id: ann, offer_id: welcome, exclusive: true, valid_from: 2026-01-01T00:00:00Z, valid_to: 2026-02-01T00:00:00Z }',
    '- { code: HELLO, affiliate_id: bob, offer_id: welcome, exclusive: false, valid_from: 2026-02-01T00:00:00Z }',
    '- { code: HELLO, affiliate_id: bob, offer_id: live, exclusive: false, valid_from: 2026-01-01T00:00:00Z }',
    '',
  ].join('\n'),
  deals: [
    '- id: ann-deal',
    '  version: 1',
    '  affiliate_id: ann',
    '  offer_id: welcome',
    '  valid_from: 2026-01-01T00:00:00Z',
    '  components:',
    '    - { id: cpa, type: cpa, min_deposit: "20.00", amount: "120", currency: EUR }',
    '    - { id: rev, type: revshare, percent: "12.345678", currency: EUR }',
    '- id: ann-deal',
    '  version: 2',
    '  affiliate_id: ann',
    '  offer_id: welcome',
    '  valid_from: 2026-03-01T00:00:00+02:00',
    '  components:',
    '    - { id: lots, type: per_lot, amount: "7.5", currency: USD }',
    '',
  ].join('\n'),
  integrations: [
    '- { id: platform, brand_id: casino, subject: player, secret_env: PLATFORM, scopes: [clicks, events], attributes: [product] }',
    '- { id: network, brand_id: casino, subject: click, secret_env: NETWORK, scopes: [events], attributes: [] }',
    '',
  ].join('\n'),
}

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** Loads the small catalog with some files replaced; null removes a file. */
function load(changes: Record<string, string | null> = {}): Catalog | CatalogProblem[] {
  const folder = mkdtempSync(join(tmpdir(), 'catalog-'))
  folders.push(folder)
  for (const [name, text] of Object.entries({ ...small, ...changes })) {
    if (text !== null) writeFileSync(join(folder, name.includes('.') ? name : `${name}.yaml`), text)
  }
  return loadCatalog(folder)
}

function catalogOf(changes: Record<string, string | null> = {}): Catalog {
  const loaded = load(changes)
  if (Array.isArray(loaded)) throw new Error(loaded.map(textFromProblem).join('\n'))
  return loaded
}

/** What is wrong, as "file:line field". */
function problemsOf(changes: Record<string, string | null>): string[] {
  const loaded = load(changes)
  if (!Array.isArray(loaded)) return []
  return loaded.map((problem) => `${problem.file.split('/').at(-1)}:${problem.line} ${problem.field}`.trim())
}

const replace = (name: string, from: string, to: string): Record<string, string> => {
  const text = small[name] ?? ''
  if (!text.includes(from)) throw new Error(`${name} does not contain ${from}`)
  return { [name]: text.replace(from, to) }
}

describe('a catalog that is in order', () => {
  test('amounts and percents become exact units and instants become milliseconds', () => {
    const [first, second] = catalogOf().deals
    expect(first?.components).toEqual([
      { id: 'cpa', type: 'cpa', minDepositUnits: 2_000_000_000n, amountUnits: 12_000_000_000n, currency: 'EUR' },
      { id: 'rev', type: 'revshare', percentUnits: 1_234_567_800n, currency: 'EUR' },
    ])
    expect(second?.validFromMs).toBe(Date.UTC(2026, 1, 28, 22))
  })

  test('a deal version is in force from its valid_from, to the millisecond', () => {
    const catalog = catalogOf()
    const at = (text: string) => dealVersionAt(catalog, 'ann', 'welcome', Date.parse(text))?.version ?? null
    expect([at('2025-12-31T23:59:59.999Z'), at('2026-01-01T00:00:00Z'), at('2026-02-28T21:59:59.999Z'), at('2026-02-28T22:00:00Z')]).toEqual([null, 1, 1, 2])
    expect(dealVersionAt(catalog, 'bob', 'live', Date.now())).toBeNull()
  })

  test('a promo code has its owner of that brand at that instant, and valid_to is exclusive', () => {
    const catalog = catalogOf()
    const owner = (brand: string, text: string) => promoByCode(catalog, 'HELLO', brand, Date.parse(text))?.affiliateId ?? null
    expect(owner('casino', '2025-12-31T23:59:59.999Z')).toBeNull()
    expect(owner('casino', '2026-01-31T23:59:59.999Z')).toBe('ann')
    expect(owner('casino', '2026-02-01T00:00:00Z')).toBe('bob')
    expect(promoByCode(catalog, 'hello', 'casino', Date.UTC(2026, 0, 5))).toBeNull()
    expect(promoByCode(catalog, 'HELLO', 'broker', Date.UTC(2026, 0, 5))?.offerId).toBe('live')
  })

  test('a promo code leads to the link of its owner with the lowest number', () => {
    const catalog = catalogOf()
    const promo = promoByCode(catalog, 'HELLO', 'casino', Date.UTC(2026, 0, 5))
    expect(promo && linkOfPromo(catalog, promo)?.id).toBe('ann-a')
    expect(linkByNumber(catalog, 9)?.id).toBe('ann-b')
    expect(linkById(catalog, 'bob-a')?.brandId).toBe('broker')
    expect(linkById(catalog, 'none')).toBeNull()
  })

  test('without fraud rules all four are live with their defaults', () => {
    const catalog = catalogOf()
    expect(ruleOf(catalog, 'ip-velocity')).toEqual({
      id: 'ip-velocity',
      version: 1,
      mode: 'live',
      params: { windowMs: 3_600_000, maxClicks: { residential: 10, mobile: 200, business: 50, education: 100, hosting: 3, unknown: 20 } },
    })
    expect(ruleOf(catalog, 'fast-conversion').params.minMs).toBe(3000)
    expect(ruleOf(catalog, 'duplicate-external-id').params.windowMs).toBe(7_776_000_000)
    expect(ruleOf(catalog, 'invalid-click').mode).toBe('live')
  })

  test('a fraud rule changes only what it names', () => {
    const catalog = catalogOf({ 'fraud-rules': '- { id: ip-velocity, version: 3, mode: shadow, params: { max_clicks: { hosting: 1 } } }\n' })
    const rule = ruleOf(catalog, 'ip-velocity')
    expect([rule.version, rule.mode, rule.params.windowMs, rule.params.maxClicks.hosting, rule.params.maxClicks.mobile]).toEqual([
      3,
      'shadow',
      3_600_000,
      1,
      200,
    ])
    expect(ruleOf(catalog, 'invalid-click').mode).toBe('live')
  })

  test('the demo catalog loads', () => {
    const loaded = loadCatalog(import.meta.dirname)
    expect(Array.isArray(loaded) ? loaded.map(textFromProblem) : []).toEqual([])
  })

  test('ten thousand links load in less than two seconds of the processor', () => {
    const links = Array.from({ length: 10_000 }, (_, i) => `- id: l${i}\n  number: ${i + 1}\n  affiliate_id: ann\n  offer_id: welcome\n`).join('')
    const before = process.cpuUsage()
    expect(catalogOf({ links }).links.length).toBe(10_000)
    const { user, system } = process.cpuUsage(before)
    expect((user + system) / 1000).toBeLessThan(2000)
  })
})

describe('the version of a catalog', () => {
  test('does not depend on comments, order of rows, quoting or notation of equal values', () => {
    const same = catalogOf({
      affiliates: '# people\n- name: "Bob"\n  id: bob\n\n- id: ann\n  name: Ann\n',
      ...replace('deals', '"120"', "'120.00'"),
    })
    expect(same.version).toBe(catalogOf().version)
    expect(catalogOf(replace('promo-codes', '2026-01-01T00:00:00Z', '2026-01-01T02:00:00+02:00')).version).toBe(same.version)
  })

  test('is the same for any order of the rows', () => {
    const rowsOf = (name: string): string[] => (small[name] ?? '').split(/^(?=- )/m).filter((row) => row !== '')
    const expected = catalogOf().version
    const orders = fc.record(
      Object.fromEntries(Object.keys(small).map((name) => [name, fc.shuffledSubarray(rowsOf(name), { minLength: rowsOf(name).length })])),
    )
    fc.assert(
      fc.property(orders, (rows) => {
        expect(catalogOf(Object.fromEntries(Object.entries(rows).map(([name, list]) => [name, list.join('')]))).version).toBe(expected)
      }),
      { numRuns: 25 },
    )
  })

  test('changes with the content', () => {
    const versions = [
      catalogOf(),
      catalogOf(replace('deals', '"120"', '"121"')),
      catalogOf(replace('affiliates', 'Bob', 'Rob')),
      catalogOf(replace('brands', 'Play.', '')),
    ]
    expect(new Set(versions.map((catalog) => catalog.version)).size).toBe(4)
  })

  test('a catalog read back from its JSON is the same catalog', () => {
    const catalog = catalogOf()
    expect(catalogFromJson(jsonFromCatalog(catalog))).toEqual(catalog)
  })

  test('a published text that is no catalog is refused', () => {
    expect(() => catalogFromJson('{"catalog_version":"cv_1","brands":[]}')).toThrow('cannot be read')
    expect(() => catalogFromJson('[')).toThrow()
  })
})

describe('a catalog with mistakes', () => {
  test.each<[string, Record<string, string | null>, string[]]>([
    ['an amount without quotes', replace('deals', '"120"', '120'), ['deals.yaml:7 components.0.amount']],
    ['a percent without quotes', replace('deals', '"12.345678"', '12.5'), ['deals.yaml:8 components.1.percent']],
    ['a percent with 7 decimals', replace('deals', '"12.345678"', '"12.3456789"'), ['deals.yaml:8 components.1.percent']],
    ['a percent above 100', replace('deals', '"12.345678"', '"100.000001"'), ['deals.yaml:8 components.1.percent']],
    ['a decimal comma', replace('deals', '"20.00"', '"20,00"'), ['deals.yaml:7 components.0.min_deposit']],
    ['more digits than the currency has', replace('deals', '"20.00"', '"20.001"'), ['deals.yaml:7 components.0.min_deposit']],
    ['an amount of zero', replace('deals', '"120"', '"0.00"'), ['deals.yaml:7 components.0.amount']],
    ['an unknown currency', replace('deals', 'USD', 'XQQ'), ['deals.yaml:15 components.0.currency']],
    ['a currency in small letters', replace('deals', 'USD', 'usd'), ['deals.yaml:15 components.0.currency']],
    ['two components with one id', replace('deals', 'id: rev', 'id: cpa'), ['deals.yaml:8 components.1.id']],
    ['an unknown kind of component', replace('deals', 'type: per_lot', 'type: lots'), ['deals.yaml:15 components.0.type']],
    ['a deal without components', replace('deals', '\n    - { id: lots, type: per_lot, amount: "7.5", currency: USD }', ' []'), ['deals.yaml:14 components']],
    ['two deal ids for one affiliate and offer', replace('deals', 'id: ann-deal\n  version: 2', 'id: other\n  version: 2'), ['deals.yaml:9 id']],
    ['one version twice', replace('deals', 'version: 2', 'version: 1'), ['deals.yaml:10 version']],
    ['two versions from one instant on', replace('deals', '2026-03-01T00:00:00+02:00', '2026-01-01T01:00:00+01:00'), ['deals.yaml:13 valid_from']],
    ['an instant without offset', replace('deals', '2026-01-01T00:00:00Z', '2026-01-01T00:00:00'), ['deals.yaml:5 valid_from']],
    ['a day that does not exist', replace('deals', '2026-01-01T00:00:00Z', '2026-02-30T00:00:00Z'), ['deals.yaml:5 valid_from']],
    ['an id with a capital', replace('affiliates', 'id: bob', 'id: Bob'), ['affiliates.yaml:2 id']],
    ['an id of 65 characters', replace('affiliates', 'id: bob', `id: ${'b'.repeat(65)}`), ['affiliates.yaml:2 id']],
    ['a number as id', replace('affiliates', 'id: bob', 'id: 7'), ['affiliates.yaml:2 id']],
    ['an id twice', replace('brands', 'id: broker', 'id: casino'), ['brands.yaml:2 id', 'offers.yaml:2 brand_id']],
    ['an unknown field', replace('affiliates', 'name: Bob', 'name: Bob, mail: b'), ['affiliates.yaml:2 mail']],
    ['a missing field', replace('affiliates', ', name: Bob', ''), ['affiliates.yaml:2']],
    ['a reference to nothing', replace('links', 'affiliate_id: bob', 'affiliate_id: eve'), ['links.yaml:3 affiliate_id']],
    ['a link number twice', replace('links', 'number: 9', 'number: 4'), ['links.yaml:2 number']],
    ['a link number of 0', replace('links', 'number: 9', 'number: 0'), ['links.yaml:1 number']],
    ['a link number above 4194303', replace('links', 'number: 9', 'number: 4194304'), ['links.yaml:1 number']],
    ['a landing page without https', replace('offers', 'https://casino', 'http://casino'), ['offers.yaml:1 landing_url']],
    ['a host with a port', replace('brands', 'Play.Casino.example', 'play.example:8080'), ['brands.yaml:1 deep_link_hosts.0']],
    [
      'a code with two owners at one instant',
      replace('promo-codes', '2026-02-01T00:00:00Z }\n- { code: HELLO, affiliate_id: bob', '2026-02-01T00:00:00.001Z }\n- { code: HELLO, affiliate_id: bob'),
      ['promo-codes.yaml:2 code'],
    ],
    ['a code that ends when it begins', replace('promo-codes', 'valid_to: 2026-02-01', 'valid_to: 2026-01-01'), ['promo-codes.yaml:1 valid_to']],
    ['an unknown scope', replace('integrations', '[events]', '[events, admin]'), ['integrations.yaml:2 scopes.1']],
    ['an unknown subject', replace('integrations', 'subject: click', 'subject: device'), ['integrations.yaml:2 subject']],
    ['an unknown fraud rule', { 'fraud-rules': '- { id: moon-phase, version: 1, mode: live }\n' }, ['fraud-rules.yaml:1 id']],
    [
      'an unknown parameter of a fraud rule',
      { 'fraud-rules': '- { id: fast-conversion, version: 1, mode: live, params: { max_ms: 1 } }\n' },
      ['fraud-rules.yaml:1 params.max_ms'],
    ],
    [
      'a fraud rule twice',
      { 'fraud-rules': '- { id: fast-conversion, version: 1, mode: live }\n- { id: fast-conversion, version: 2, mode: off }\n' },
      ['fraud-rules.yaml:2 id'],
    ],
    ['a file that is no list', { affiliates: 'id: ann\n' }, ['affiliates.yaml:1']],
    ['a file that is no YAML', { affiliates: '- id: ann\n  name: "Ann\n' }, ['affiliates.yaml:3']],
    ['a missing file', { 'promo-codes': null }, ['promo-codes.yaml:1']],
    ['a file with a misspelt name', { 'promo_codes.yaml': '[]\n' }, ['promo_codes.yaml:1']],
  ])('%s is refused with its file and line', (_, changes, expected) => {
    expect(problemsOf(changes)).toEqual(expected)
  })

  test('all mistakes of all files come back at once', () => {
    expect(
      problemsOf({ ...replace('deals', '"120"', '120'), ...replace('links', 'number: 9', 'number: x'), ...replace('brands', 'id: broker', 'id: B') }),
    ).toEqual(['brands.yaml:2 id', 'deals.yaml:7 components.0.amount', 'links.yaml:1 number'])
  })

  test('the text of a problem says what it got and how to correct it', () => {
    const loaded = load(replace('deals', '"120"', '120'))
    const text = Array.isArray(loaded) && loaded[0] ? textFromProblem(loaded[0]) : ''
    expect(text).toMatch(/deals\.yaml:7: components\.0\.amount: got 120 \(a number\), wants .*; fix: quote it/)
  })

  test('a secret written where the name of a variable belongs is not repeated', () => {
    const loaded = load(replace('integrations', 'PLATFORM', '"s3cr3t!value"'))
    expect(JSON.stringify(loaded)).not.toContain('s3cr3t')
    expect(Array.isArray(loaded)).toBe(true)
  })

  test('a folder that does not exist is a problem, not a crash', () => {
    expect(Array.isArray(loadCatalog(join(tmpdir(), 'no-such-catalog')))).toBe(true)
  })
})

test('an instant means the same whatever its offset, and a text that is no instant means nothing', () => {
  const years = { min: new Date('1971-01-01T00:00:00Z'), max: new Date('2199-12-31T00:00:00Z'), noInvalidDate: true }
  fc.assert(
    fc.property(fc.date(years), fc.integer({ min: -23 * 60, max: 23 * 60 }), (date, offsetMinutes) => {
      const sign = offsetMinutes < 0 ? '-' : '+'
      const [hours, minutes] = [Math.floor(Math.abs(offsetMinutes) / 60), Math.abs(offsetMinutes) % 60].map((part) => String(part).padStart(2, '0'))
      const local = new Date(date.getTime() + offsetMinutes * 60_000).toISOString().slice(0, -1)
      expect(msFromInstant(`${local}${sign}${hours}:${minutes}`)).toBe(date.getTime())
    }),
  )
  for (const text of ['', '2026-01-01', '2026-01-01T00:00:00', '2026-13-01T00:00:00Z', '2025-02-29T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01 00:00:00Z'])
    expect(msFromInstant(text)).toBeNull()
})

test.each(listNames)('the editor schema of %s says what the loader checks', (name) => {
  expect(readFileSync(join(import.meta.dirname, 'schema', `${name}.json`), 'utf8')).toBe(schemaFileText(name))
})
