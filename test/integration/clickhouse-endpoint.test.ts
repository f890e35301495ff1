import { Readable } from 'node:stream'
import type { ClickHouseClient } from '@clickhouse/client'
import { ClickHouseLogLevel, createClient } from '@clickhouse/client'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { type Engine, endEngines, startEngine } from '../support/engine.ts'
import { until } from '../support/until.ts'

/** The local ClickHouse as the stock client sees it; each test guards a way in which an embedded engine loses or mixes data. */
let engine: Engine
let client: ClickHouseClient

beforeAll(async () => {
  engine = await startEngine()
  client = createClient({ url: engine.url, log: { level: ClickHouseLogLevel.OFF } })
  await client.command({ query: 'CREATE DATABASE lab' })
}, 120_000)

afterAll(async () => {
  await client?.close()
  endEngines()
})

beforeEach(async () => {
  await client.command({
    query: 'CREATE OR REPLACE TABLE lab.facts (id UInt64, text String) ENGINE = MergeTree ORDER BY id SETTINGS non_replicated_deduplication_window = 100',
  })
})

const count = async (): Promise<number> => {
  const result = await client.query({ query: 'SELECT count() AS n FROM lab.facts', format: 'JSONEachRow' })
  return Number((await result.json<{ n: string }>())[0]?.n)
}
const insertRaw = (format: string, body: Buffer | string, settings = '') =>
  client
    .exec({ query: `INSERT INTO lab.facts ${settings} FORMAT ${format}`, values: Readable.from([body], { objectMode: false }) })
    .then(({ stream }) => stream.resume())

describe('what goes in', () => {
  it('a binary body with 0A 0A in it is stored to its last row', async () => {
    const rows = Array.from({ length: 5_000 }, (_, i) => {
      const row = Buffer.alloc(8 + 1 + 4)
      row.writeBigUInt64LE(BigInt(i === 7 ? 0x0a0a0a0a : i), 0)
      row.writeUInt8(4, 8)
      row.write('\n\n\n\n', 9)
      return row
    })
    await insertRaw('RowBinary', Buffer.concat(rows))
    expect(await count()).toBe(5_000)
  })

  it('a blank line in a body neither ends the data nor begins a statement', async () => {
    await client.command({ query: 'CREATE OR REPLACE TABLE lab.victim (id UInt64) ENGINE = Memory' })
    await insertRaw('CSV', '1,"a\n\nDROP TABLE lab.victim;\n"\n2,"b"\n')
    expect(await count()).toBe(2)
    await insertRaw('JSONEachRow', '{"id":3,"text":"c"}\n\nDROP TABLE lab.victim').catch(() => null)
    const result = await client.query({ query: 'EXISTS lab.victim', format: 'TabSeparated' })
    expect((await result.text()).trim()).toBe('1')
  })

  it('rows as objects, also compressed, with the number of written rows in the summary', async () => {
    const zipped = createClient({ url: engine.url, compression: { request: true, response: true } })
    const { summary } = await zipped.insert({
      table: 'lab.facts',
      values: [
        { id: 1, text: "it's" },
        { id: 2, text: '\\' },
      ],
      format: 'JSONEachRow',
    })
    expect(summary?.written_rows).toBe('2')
    const result = await zipped.query({ query: 'SELECT text FROM lab.facts ORDER BY id', format: 'JSONEachRow' })
    expect(await result.json()).toEqual([{ text: "it's" }, { text: '\\' }])
    await zipped.close()
  })

  it('the same deduplication token stores once, and a later insert without one is stored', async () => {
    const row = '{"id":1,"text":"a"}\n'
    await insertRaw('JSONEachRow', row, "SETTINGS insert_deduplication_token = 'plan-1'")
    await insertRaw('JSONEachRow', row, "SETTINGS insert_deduplication_token = 'plan-1'")
    expect(await count()).toBe(1)
    await client.insert({ table: 'lab.facts', values: [{ id: 2, text: 'b' }], format: 'JSONEachRow' })
    await client.insert({
      table: 'lab.facts',
      values: [{ id: 3, text: 'c' }],
      format: 'JSONEachRow',
      clickhouse_settings: { insert_deduplication_token: 'plan-1' },
    })
    expect(await count()).toBe(2)
  })

  it('a body that breaks off stores nothing', async () => {
    const broken = new Readable({ read() {} })
    broken.push('{"id":1,"text":"a"}\n')
    const insert = client.exec({ query: 'INSERT INTO lab.facts FORMAT JSONEachRow', values: broken })
    setTimeout(() => broken.destroy(new Error('gone')), 200)
    await expect(insert).rejects.toThrow()
    expect(await count()).toBe(0)
  })
})

describe('what comes out', () => {
  it('settings, databases and parameters of one query do not reach the next', async () => {
    const limited = client.query({ query: 'SELECT number FROM numbers(100)', format: 'JSONEachRow', clickhouse_settings: { max_rows_to_read: '10' } })
    await expect(limited).rejects.toMatchObject({ code: '158' })
    const free = await client.query({
      query: "SELECT getSetting('max_rows_to_read') AS v, currentDatabase() AS d, {x: String} AS x",
      format: 'JSONEachRow',
      query_params: { x: "o'neill\n" },
    })
    expect(await free.json()).toEqual([{ v: 0, d: 'default', x: "o'neill\n" }])
  })

  it('failing queries leave nothing behind in the results of others', async () => {
    const failing = () =>
      client
        .query({ query: "SELECT throwIf(number = 90000, 'no') FROM numbers(100000)", format: 'JSONEachRow' })
        .then((result) => result.text())
        .catch(() => null)
    const good = async (i: number) => {
      const result = await client.query({ query: `SELECT ${i} AS i`, format: 'JSONEachRow' })
      return result.json()
    }
    const answers = await Promise.all(Array.from({ length: 60 }, (_, i) => (i % 4 === 0 ? failing().then(() => null) : good(i))))
    answers.forEach((answer, i) => {
      if (i % 4 !== 0) expect(answer).toEqual([{ i }])
    })
  })

  it('an error carries its code, early and after the first rows', async () => {
    await expect(client.query({ query: 'SELECT * FROM lab.nothing' })).rejects.toMatchObject({ code: '60', type: 'UNKNOWN_TABLE' })
    const late = 'SELECT number, throwIf(number = 500000) FROM numbers(1000000)'
    const result = await client.query({ query: late, format: 'JSONEachRow', clickhouse_settings: { max_block_size: '10000' } })
    await expect(result.json()).rejects.toMatchObject({ code: '395' })
    const text = await client.query({ query: late, format: 'JSONEachRow', clickhouse_settings: { max_block_size: '10000' } })
    await expect(text.text()).rejects.toThrow()
  })

  it('several statements at once are refused', async () => {
    await expect(client.command({ query: 'SELECT 1; DROP TABLE lab.facts' })).rejects.toMatchObject({ code: '62' })
    expect(await count()).toBe(0)
  })

  it('a page in a browser is not served', async () => {
    const response = await fetch(engine.url, { method: 'POST', body: 'SELECT 1', headers: { 'sec-fetch-site': 'cross-site' } })
    expect(response.status).toBe(501)
  })

  it('an aborted query ends in the engine too', async () => {
    const abort = new AbortController()
    const query = client.query({ query: 'SELECT count() FROM numbers(100000000000) WHERE NOT ignore(sipHash64(number))', abort_signal: abort.signal })
    const running = async () => {
      const result = await client.query({
        query: "SELECT count() AS n FROM system.processes WHERE query LIKE '%100000000000%' AND query NOT LIKE '%processes%'",
        format: 'JSONEachRow',
      })
      return Number((await result.json<{ n: string }>())[0]?.n)
    }
    await until('the query runs', running, (n) => n === 1)
    abort.abort()
    await expect(query).rejects.toThrow()
    await until('the query has ended', running, (n) => n === 0, 10_000)
  })
})

it('every acknowledged insert is there after kill -9', async () => {
  let acknowledged = 0
  let go = true
  const writer = (async () => {
    for (let id = 0; go; id++) {
      const done = await client.insert({ table: 'lab.facts', values: [{ id, text: 'x' }], format: 'JSONEachRow' }).then(
        () => true,
        () => false,
      )
      if (!done) return
      acknowledged += 1
    }
  })()
  await until(
    'some inserts are acknowledged',
    () => acknowledged,
    (n) => n >= 20,
  )
  await engine.kill()
  go = false
  await writer
  await engine.restart()
  expect(await count()).toBeGreaterThanOrEqual(acknowledged)
})
