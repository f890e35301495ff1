import { setTimeout as sleep } from 'node:timers/promises'
import type { ClickHouseClient } from '@clickhouse/client'
import { createClickHouse } from '../../runtime/clickhouse.ts'
import { topics, type TopicName } from '../../schemas/topics.ts'
import { groupTopics } from './open-work.ts'
import { placeName } from './kafka-admin.ts'
import type { Check, Rebuild, RebuildParts } from './rebuild.ts'

const SINK = 'warehouse'
/** Longer than the session of a member that was frozen, so that the group has let it go. */
const GONE_MS_MAX = 60_000
const GONE_LOOK_MS = 250

/** Base tables by the topics that fill them, directly or through a materialized view. */
const tableTopics: Readonly<Record<string, readonly TopicName[]>> = {
  clicks: ['clicks'],
  events: ['player-events'],
  event_records: ['player-events'],
  dispositions: ['dispositions'],
  bindings: ['bindings'],
  verdict_revisions: ['scored-events', 'click-verdicts'],
  verdicts: ['scored-events', 'click-verdicts'],
  ledger: ['ledger'],
  dead_letters: ['dead-letters'],
  edge_outcomes: ['edge-outcomes'],
}
const VIEWS_COUNTED = ['receipts', 'bindings', 'ledger', 'verdicts', 'clicks']

/**
 * Empties the base tables and sends the sink back to the beginning of the log. The sink is frozen meanwhile rather than
 * stopped, since whoever supervises it would start it again at once; when its group has let it go, its offsets are
 * forgotten, the tables emptied, and the frozen process ended. Whoever runs next reads from the beginning.
 */
export async function rebuildClickHouse({ clickhouseUrl, view, warehousePid, readPids, say }: RebuildParts): Promise<Rebuild> {
  const { names, admin, reader } = view
  const before = await countsOf(reader)
  const client = createClickHouse(clickhouseUrl)
  try {
    const kept = await topicsCutOff(view)
    const base = names.database('tributary')
    const { empty, keep } = tablesToEmpty(await tablesOf(client, base), kept)
    await freeSink({ warehousePid, members: () => admin.members(names.group(SINK)), readPids, say }, async () => {
      await admin.forget(names.group(SINK))
      for (const table of empty) {
        say(`emptying ${table}`)
        await client.command({ query: `TRUNCATE TABLE ${base}.${table}` })
      }
    })
    const note = keep.length === 0 ? '' : `; ${keep.join(', ')} kept, since the log no longer has all that is in them`
    return { removed: `${empty.length} tables emptied${note}`, check: async () => checksFrom(before, await countsOf(reader)) }
  } finally {
    await client.close()
  }
}

type Freeing = { warehousePid: number | null; members: () => Promise<number>; readPids: RebuildParts['readPids']; say: (text: string) => void }

async function freeSink({ warehousePid, members, readPids, say }: Freeing, work: () => Promise<void>): Promise<void> {
  if (warehousePid === null) {
    if ((await members()) > 0)
      throw new Error('the warehouse runs, and nothing here can stop it: stop it where it was started, run this again, and start it when this says so')
    return work()
  }
  process.kill(warehousePid, 'SIGSTOP')
  try {
    const startMs = performance.now()
    while ((await members()) > 0) {
      if (performance.now() - startMs > GONE_MS_MAX)
        throw new Error(`the group of the warehouse still has members after ${GONE_MS_MAX / 1000} s: another one runs somewhere. Nothing was changed`)
      say('waiting until the sink has left its group')
      await sleep(GONE_LOOK_MS)
    }
    if ((await readPids()).warehouse !== warehousePid) throw new Error('the warehouse was restarted meanwhile; nothing was changed, run this again')
    await work()
  } finally {
    // Frozen too long to go on as a member: it starts anew, from the beginning or from where it was.
    process.kill(warehousePid, 'SIGKILL')
  }
}

/** Topics whose first records are gone: what they held is in the tables alone. */
async function topicsCutOff({ names, admin }: RebuildParts['view']): Promise<Set<TopicName>> {
  const read = groupTopics[SINK] ?? []
  const places = read.flatMap((name) => Array.from({ length: topics[name].partitions }, (_, partition) => ({ name, topic: names.topic(name), partition })))
  const earliest = await admin.earliest(places.map(({ topic, partition }) => ({ topic, partition })))
  return new Set(places.filter((place) => (earliest.get(placeName(place)) ?? 0) > 0).map(({ name }) => name))
}

/** A table that nobody knows here is emptied neither: it is somebody's, and reading again cannot fill it. */
export function tablesToEmpty(existing: string[], cutOff: ReadonlySet<TopicName>): { empty: string[]; keep: string[] } {
  const known = existing.filter((table) => tableTopics[table] !== undefined)
  const isCut = (table: string) => (tableTopics[table] ?? []).some((topic) => cutOff.has(topic))
  return { empty: known.filter((table) => !isCut(table)), keep: known.filter(isCut) }
}

async function tablesOf(client: ClickHouseClient, base: string): Promise<string[]> {
  const result = await client.query({
    query: "SELECT name FROM system.tables WHERE database = {base:String} AND engine LIKE '%MergeTree' ORDER BY name",
    query_params: { base },
    format: 'JSONEachRow',
  })
  return (await result.json<{ name: string }>()).map(({ name }) => name)
}

type Counts = Map<string, number>

async function countsOf(reader: RebuildParts['view']['reader']): Promise<Counts> {
  const rows = await Promise.all(VIEWS_COUNTED.map((view) => reader.rows<{ rows: number }>(`SELECT count() AS rows FROM ${view}`)))
  return new Map(VIEWS_COUNTED.map((view, i) => [view, rows[i]?.[0]?.rows ?? 0]))
}

/** More is no fault, since traffic may have gone on; fewer is. */
function checksFrom(before: Counts, after: Counts): Check[] {
  return VIEWS_COUNTED.map((view) => {
    const [had, has] = [before.get(view) ?? 0, after.get(view) ?? 0]
    return { what: `${view}: ${has} rows, ${had} before`, ok: has >= had }
  })
}
