import fc from 'fast-check'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { codecs } from '../../schemas/codec.ts'
import { arbitraryRecord } from '../../schemas/arbitrary-record.ts'
import { textFromMoney } from '../../schemas/money.ts'
import type { RecordTypes } from '../../schemas/records.generated.ts'
import type { TopicName } from '../../schemas/topics.ts'
import { testServices, uniqueNamespace } from '../support/services.ts'
import { createTestWarehouse, recordOf, type TestWarehouse } from '../support/warehouse.ts'

const RECORDS = 300
const SEED = 20_261_123
let warehouse: TestWarehouse
beforeAll(async () => {
  warehouse = await createTestWarehouse(testServices().clickhouseUrl, uniqueNamespace())
})
afterAll(() => warehouse.close())

type Fields = Record<string, unknown>
const cases: {
  topic: TopicName
  record: keyof RecordTypes
  view: string
  id: string
  refuses: RegExp
  skip?: (value: Fields) => boolean
  shown?: (value: Fields) => Fields
}[] = [
  {
    topic: 'clicks',
    record: 'Click',
    view: 'clicks',
    id: 'click_id',
    refuses: /^time/,
    shown: (value) => ({ ...value, asn: value.asn === null ? null : (value.asn as number) >>> 0 }),
  },
  { topic: 'player-events', record: 'PlayerEvent', view: 'events', id: 'event_id', refuses: /^time/, skip: (value) => value.event_type === 'tick' },
  { topic: 'ledger', record: 'LedgerEntry', view: 'ledger', id: 'entry_id', refuses: /^time/ },
  {
    topic: 'click-verdicts',
    record: 'Verdict',
    view: 'verdict_history',
    id: 'subject_id',
    refuses: /^(time|integer|number)/,
    shown: (value) => ({
      ...value,
      reasons: (value.reasons as { rule_id: string; shadow: boolean }[]).filter(({ shadow }) => !shadow).map((reason) => reason.rule_id),
    }),
  },
  { topic: 'bindings', record: 'Binding', view: 'bindings', id: 'player_id', refuses: /^(time|integer)/ },
]

it.each(cases)('the engine reads every $record exactly as it was, or the row is refused', async ({ topic, record, view, id, refuses, skip, shown }) => {
  const arbitrary = arbitraryRecord(record) as unknown as fc.Arbitrary<Fields>
  // Bounds of the wire are further than those of a column: half of the records are brought into the columns' range.
  const values = fc.sample(arbitrary, { numRuns: RECORDS, seed: SEED }).map((value, i) => ({ ...(i % 2 === 0 ? inRange(value) : value), [id]: `${view}-${i}` }))
  const kept = values.filter((value) => skip?.(value) !== true)
  const records = values.map((value, i) => recordOf(topic, value, 0, i))
  const refused = await warehouse.storeRecords(topic, records)
  for (const { reason } of refused) expect(reason).toMatch(refuses)
  const rows = await warehouse.query<Fields>(`SELECT * FROM {views}.${view} WHERE startsWith(${id}, '${view}-')`)
  expect(rows.length).toBe(kept.length - refused.length)
  expect(rows.length).toBeGreaterThan(RECORDS / 4)
  for (const row of rows) {
    const stored = values[Number(String(row[id]).slice(view.length + 1))]
    if (stored === undefined) throw new Error(`an unknown row: ${JSON.stringify(row)}`)
    // As the wire gives it back, so that what is compared is the sink's part of the way.
    const bytes = codecs[record].encode(stored as RecordTypes[typeof record] & never)
    const told = codecs[record].decode(bytes) as unknown as Fields
    expect(pick(row, told)).toEqual(Object.fromEntries(Object.entries(shown?.(told) ?? told).map(([key, value]) => [key, asShown(key, value, row[key])])))
  }
})

/** Times and positions that a column can hold; everything else stays as wild as it was. */
function inRange(value: Fields): Fields {
  const fix = (key: string, field: unknown): unknown => {
    if (typeof field !== 'number') return field
    if (/_at$|^event_time$/.test(key)) return Math.abs(field) % Date.UTC(2262, 0, 1)
    if (key === 'source_offset') return Math.abs(field) % 2 ** 44
    if (key === 'index' || key === 'revision') return Math.abs(field) % 2 ** 19 || 1
    return field
  }
  return Object.fromEntries(Object.entries(value).map(([key, field]) => [key, fix(key, field)]))
}

function pick(row: Fields, like: Fields): Fields {
  return Object.fromEntries(Object.keys(like).map((key) => [key, row[key]]))
}

/** How the client is answered: decimals and 64-bit integers as text, times without a zone. */
function asShown(key: string, value: unknown, seen: unknown): unknown {
  if (typeof value === 'bigint') return textFromMoney(value)
  if (typeof value !== 'number') return value
  if (/_at$|^event_time$/.test(key)) return new Date(value).toISOString().replace('T', ' ').replace('Z', '')
  return typeof seen === 'string' ? String(value) : value
}
