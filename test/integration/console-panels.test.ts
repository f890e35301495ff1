import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createReader, type Reader, type Row } from '../../console/reader.ts'
import { panels } from '../../dashboards/panels.ts'
import { createClickHouse } from '../../runtime/clickhouse.ts'
import { storeConsoleWorld } from '../support/console-world.ts'
import { testServices, uniqueNamespace } from '../support/services.ts'
import { createTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const NOW_MS = Date.UTC(2026, 10, 20, 12, 0, 3)
let warehouse: TestWarehouse
let empty: TestWarehouse
const closing: (() => Promise<void>)[] = []
const readers = {} as { full: Reader; empty: Reader }

beforeAll(async () => {
  const { clickhouseUrl } = testServices()
  const readerOf = (of: TestWarehouse) => {
    const client = createClickHouse(clickhouseUrl, { database: of.names.database('tributary_v1') })
    closing.push(() => client.close())
    return createReader(client)
  }
  warehouse = await createTestWarehouse(clickhouseUrl, uniqueNamespace())
  empty = await createTestWarehouse(clickhouseUrl, uniqueNamespace())
  await storeConsoleWorld(warehouse, NOW_MS)
  readers.full = readerOf(warehouse)
  readers.empty = readerOf(empty)
})
afterAll(async () => {
  for (const close of closing) await close()
  await warehouse?.close()
  await empty?.close()
})

describe.each(['full', 'empty'] as const)('%s', (which) => {
  it.each(panels.map((panel) => [panel.id, panel] as const))('%s runs and answers the columns that it names', async (_id, panel) => {
    const rows = await readers[which].rows(panel.sql)
    await readers[which].rows(atFixedTime(panel.sql))
    for (const { name } of panel.columns) for (const row of rows) expect(row).toHaveProperty(name)
  })
})

async function rowsOf(id: string): Promise<Row[]> {
  const panel = panels.find((one) => one.id === id)
  if (panel === undefined) throw new Error(`no panel ${id}`)
  return readers.full.rows(atFixedTime(panel.sql))
}

/** The same question at a known moment, however long the test takes to ask it. */
function atFixedTime(sql: string): string {
  return sql.replaceAll('now64(3)', `fromUnixTimestamp64Milli(${NOW_MS}, 'UTC')`).replaceAll(/now\((?:'UTC')?\)/g, `toDateTime(${NOW_MS / 1000}, 'UTC')`)
}

const sumOf = (rows: Row[], column: string) => rows.reduce((sum, row) => sum + Number(row[column]), 0)

it('headline counts the last minute', async () => {
  const [row] = await rowsOf('headline')
  expect(row).toMatchObject({ events_last_minute: 2, players_won: 1, stopped_percent: 50, dead_letters: 0 })
  expect(Number(row?.clicks_per_second)).toBeCloseTo(2 / 60, 6)
  expect(Number(row?.bot_percent)).toBeCloseTo(100 / 3, 6)
})

it('traffic has a bucket for every five seconds of ten minutes, people apart from bots', async () => {
  const rows = await rowsOf('traffic')
  expect(rows.length).toBeGreaterThanOrEqual(119)
  expect(rows.length).toBeLessThanOrEqual(120)
  const steps = rows.slice(1).map((row, i) => Date.parse(String(row.time)) - Date.parse(String(rows[i]?.time)))
  expect(new Set(steps)).toEqual(new Set([5_000]))
  expect(sumOf(rows, 'people') * 5).toBeCloseTo(2, 6)
  expect(sumOf(rows, 'bots') * 5).toBeCloseTo(1, 6)
})

it('the funnel counts players, each once', async () => {
  expect(await rowsOf('funnel')).toEqual([
    { step: 1, stage: 'Clicks by people', players: 2 },
    { step: 2, stage: 'Registrations', players: 1 },
    { step: 3, stage: 'First deposit or trade', players: 1 },
    { step: 4, stage: 'Earning a commission', players: 1 },
  ])
})

it('verdicts count the current revision of each event alone', async () => {
  const rows = await rowsOf('verdicts')
  expect([sumOf(rows, 'allow'), sumOf(rows, 'review'), sumOf(rows, 'hold'), sumOf(rows, 'reject')]).toEqual([1, 0, 1, 0])
})

it('reasons compare the last five minutes with the half hour before', async () => {
  expect(await rowsOf('reasons')).toEqual([
    { rule: 'fast-conversion', recent: 1, usual: 0, change: 1 },
    { rule: 'ip-velocity', recent: 1, usual: 0, change: 1 },
  ])
})

it('the latest suspicions come newest first, each with its reason in words', async () => {
  expect(
    (await rowsOf('recent-verdicts')).map(({ decision, score, subject_type, affiliate, why }) => ({ decision, score, subject_type, affiliate, why })),
  ).toEqual([
    { decision: 'hold', score: 78, subject_type: 'event', affiliate: 'acme', why: 'registered 1 s after the click' },
    { decision: 'review', score: 40, subject_type: 'click', affiliate: 'acme', why: '12 clicks from one address, 10 are usual' },
  ])
})

it('conversions count events by what became of them', async () => {
  const rows = await rowsOf('conversions')
  expect([sumOf(rows, 'applied'), sumOf(rows, 'waiting'), sumOf(rows, 'unattributed'), sumOf(rows, 'refused')]).toEqual([2, 1, 0, 0])
})

it('money comes as decimal text by currency and state', async () => {
  expect(await rowsOf('money')).toEqual([{ currency: 'EUR', approved: '0', pending: '0', held: '100', reversed: '0', earning: 1 }])
})

it('affiliates are told by traffic and by verdicts, and without a verdict quality is unknown rather than zero', async () => {
  expect(await rowsOf('affiliates')).toEqual([
    { affiliate: 'acme', clicks: 2, bot_percent: 50, players: 1, stopped_percent: 50, earning: 1, quality: 25 },
    { affiliate: 'bona', clicks: 1, bot_percent: 0, players: 0, stopped_percent: null, earning: 0, quality: null },
  ])
})

it('freshness tells ages in seconds, what is open, and nothing where there is nothing', async () => {
  const rows = await rowsOf('freshness')
  expect(rows.map(({ stream, open }) => [stream, open])).toEqual([
    ['Clicks', 0],
    ['Events', 0],
    ['Parked', 1],
    ['Bindings', 0],
    ['Verdicts', 0],
    ['Ledger', 0],
  ])
  expect(rows.map((row) => row.age_seconds)).toEqual([38, 15, 15, 30, 19, 17])
  const none = await readers.empty.rows(panels.find(({ id }) => id === 'freshness')?.sql ?? '')
  expect(none.map((row) => row.age_seconds)).toEqual([null, null, null, null, null, null])
})

it('outcomes put what the edge refused beside what the log made of the rest', async () => {
  const rows = await rowsOf('outcomes')
  expect(rows).toContainEqual({ integration: 'crm', outcome: 'rejected', why: 'unknown_currency', records: 4 })
  expect(rows).toContainEqual({ integration: 'crm', outcome: 'accepted', why: '', records: 3 })
  expect(rows).toContainEqual({ integration: 'crm', outcome: 'parked', why: 'reference_missing', records: 1 })
})
