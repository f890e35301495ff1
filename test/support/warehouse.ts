import { randomUUID } from 'node:crypto'
import type { ClickHouseClient } from '@clickhouse/client'
import { createInsertRows, type InsertRows } from '../../processors/warehouse/insert-rows.ts'
import { topicRows } from '../../processors/warehouse/rows.ts'
import { createClickHouse } from '../../runtime/clickhouse.ts'
import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import type { Log } from '../../runtime/log.ts'
import { createNames, type Names } from '../../runtime/names.ts'
import { codecs } from '../../schemas/codec.ts'
import type { RecordTypes } from '../../schemas/records.generated.ts'
import { type TopicName, topics } from '../../schemas/topics.ts'
import { migrate } from '../../sql/migrate.ts'

export const quietLog: Log = { info() {}, warn() {}, error() {} }

/** A migrated database of its own, written as the sink writes it and read as an outsider reads it. */
export type TestWarehouse = {
  names: Names
  client: ClickHouseClient
  insertRows: InsertRows
  /** Stores records as one insert; a place in the log is given to each that has none. Answers the refused ones. */
  store(topic: TopicName, values: readonly object[], place?: { partition?: number; offset?: number; token?: string }): Promise<{ reason: string }[]>
  storeRecords(topic: TopicName, records: readonly KafkaRecord[], token?: string): Promise<{ reason: string }[]>
  /** `{base}` and `{views}` stand for the databases. */
  query<Row = Record<string, unknown>>(sql: string): Promise<Row[]>
  close(): Promise<void>
}

const LOG_TIME_MS = Date.UTC(2026, 10, 20, 12)

export async function createTestWarehouse(clickhouseUrl: string, namespace: string): Promise<TestWarehouse> {
  const names = createNames(namespace)
  await migrate({ clickhouseUrl, names, log: quietLog })
  const client = createClickHouse(clickhouseUrl)
  const database = names.database('tributary')
  const insertRows = createInsertRows({ client, database, log: quietLog, stopping: new AbortController().signal })
  let nextOffset = 0

  async function storeRecords(topic: TopicName, records: readonly KafkaRecord[], token: string = randomUUID()) {
    const source = topicRows.find((rows) => rows.topic === topic)
    if (source === undefined) throw new Error(`${topic} has no table`)
    const { inserts, refused } = source.encode(records, new Map())
    for (const insert of inserts) await insertRows(insert, `${token}:${insert.cut}`)
    return refused.map(({ reason }) => ({ reason }))
  }

  return {
    names,
    client,
    insertRows,
    storeRecords,
    store(topic, values, place = {}) {
      const first = place.offset ?? nextOffset
      if (place.offset === undefined) nextOffset += values.length
      return storeRecords(
        topic,
        values.map((value, i) => recordOf(topic, value, place.partition ?? 0, first + i)),
        place.token,
      )
    },
    async query<Row>(sql: string) {
      const query = sql.replaceAll('{base}', database).replaceAll('{views}', names.database('tributary_v1'))
      const result = await client.query({ query, format: 'JSONEachRow' })
      return (await result.json<Row>()) as Row[]
    },
    async close() {
      for (const name of ['tributary', 'tributary_v1']) await client.command({ query: `DROP DATABASE IF EXISTS ${names.database(name)} SYNC` })
      await client.close()
    },
  }
}

/** A record of the log that holds `value` in the topic's own format. */
export function recordOf(topic: TopicName, value: object, partition: number, offset: number): KafkaRecord {
  const name = topics[topic].record
  if (name === null) throw new Error(`${topic} holds no record of ours`)
  const bytes = codecs[name].encode(value as RecordTypes[typeof name] & never)
  return { topic, partition, offset, timestampMs: LOG_TIME_MS + offset, key: null, value: bytes, headers: {} }
}
