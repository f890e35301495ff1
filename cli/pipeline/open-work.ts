import { messageOf } from '../../runtime/lifecycle.ts'
import type { Names } from '../../runtime/names.ts'
import { type TopicName, topics } from '../../schemas/topics.ts'
import type { Reader } from '../../console/reader.ts'
import { type KafkaAdmin, type Offsets, type Place, placeName } from './kafka-admin.ts'

/** Which group must have read which topics before everything has its effect. The sink reads what it shows. */
export const groupTopics: Readonly<Record<string, readonly TopicName[]>> = {
  attribution: ['player-events'],
  fraud: ['attributed-events'],
  'attribution-clicks': ['clicks'],
  'fraud-clicks': ['clicks'],
  commission: ['scored-events'],
  warehouse: (Object.keys(topics) as TopicName[])
    .filter((name) => topics[name].consumers.includes('warehouse') && topics[name].record !== null && name !== 'attributed-events')
    .concat('dead-letters'),
}

/** Something that is not done yet: who must do it, and how much of it. */
export type Open = { part: 'ingest' | 'log' | 'views'; what: string; count: number }
export type Look = { open: Open[]; latest: Offsets }
export type PipelineView = { names: Names; admin: KafkaAdmin; reader: Reader; readIngestMetrics: () => Promise<string> }

const INGEST_GAUGES: readonly { name: string; what: string }[] = [
  { name: 'tributary_spill_records', what: 'records on disk that wait for the log' },
  { name: 'tributary_click_queue_records', what: 'answered clicks on their way into the log' },
  { name: 'tributary_producer_records', what: 'records that wait for their acknowledgement' },
]

/**
 * One look at the whole way, from its beginning to its end: a record that moves on meanwhile is met again further
 * down, never missed.
 */
export async function lookAtPipeline(view: PipelineView): Promise<Look> {
  const ingest = await ingestOpen(view)
  const latest = await view.admin.latest(placesOf(view.names))
  const log = await logOpen(view, latest)
  return { open: [...ingest, ...log, ...(await viewsOpen(view))], latest }
}

/** Nothing is open in both looks, and nothing was written between them: what was about to be written would have been. */
export function isSettled(before: Look | null, now: Look): boolean {
  if (before === null || before.open.length > 0 || now.open.length > 0) return false
  return now.latest.size === before.latest.size && [...now.latest].every(([place, offset]) => before.latest.get(place) === offset)
}

/** Every partition of every topic that a group reads. */
export function placesOf(names: Names): Place[] {
  const wanted = new Set(Object.values(groupTopics).flat())
  return [...wanted].flatMap((name) => Array.from({ length: topics[name].partitions }, (_, partition) => ({ topic: names.topic(name), partition })))
}

async function ingestOpen({ readIngestMetrics }: PipelineView): Promise<Open[]> {
  let text: string
  try {
    text = await readIngestMetrics()
  } catch (error) {
    return [{ part: 'ingest', what: `ingest does not tell what it holds (${messageOf(error)})`, count: 1 }]
  }
  return INGEST_GAUGES.flatMap(({ name, what }): Open[] => {
    const count = gaugeOf(text, name)
    if (count === null) return [{ part: 'ingest', what: `ingest does not tell ${name}`, count: 1 }]
    return count > 0 ? [{ part: 'ingest', what, count }] : []
  })
}

/** The sum of the series of one name in the text format of Prometheus; null when there is none. */
export function gaugeOf(text: string, name: string): number | null {
  let sum: number | null = null
  for (const line of text.split('\n')) {
    const match = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{[^}]*\})?\s+(\S+)/.exec(line)
    if (match?.[1] === name) sum = (sum ?? 0) + Number(match[2])
  }
  return sum
}

async function logOpen({ names, admin }: PipelineView, latest: Offsets): Promise<Open[]> {
  const groups = await Promise.all(
    Object.entries(groupTopics).map(async ([group, read]) => ({ group, read, committed: await admin.committed(names.group(group)) })),
  )
  return groups.flatMap(({ group, read, committed }) => read.flatMap((topic) => topicOpen(names, group, topic, committed, latest)))
}

function topicOpen(names: Names, group: string, name: TopicName, committed: Offsets, latest: Offsets): Open[] {
  let waiting = 0
  for (let partition = 0; partition < topics[name].partitions; partition++) {
    const place = placeName({ topic: names.topic(name), partition })
    waiting += Math.max(0, (latest.get(place) ?? 0) - (committed.get(place) ?? 0))
  }
  return waiting === 0 ? [] : [{ part: 'log', what: `records of ${name} not yet read by ${group}`, count: waiting }]
}

async function viewsOpen({ reader }: PipelineView): Promise<Open[]> {
  const [row] = await reader.rows<{ accepted: number; unsettled: number }>(
    `SELECT (SELECT count() FROM receipts WHERE disposition = 'accepted') AS accepted, (SELECT count() FROM verdicts WHERE NOT settled) AS unsettled`,
  )
  const open: Open[] = [
    { part: 'views', what: 'receipts without a disposition', count: row?.accepted ?? 0 },
    { part: 'views', what: 'verdicts that are not settled', count: row?.unsettled ?? 0 },
  ]
  return open.filter(({ count }) => count > 0)
}

/** "12 records of clicks not yet read by warehouse; 3 verdicts that are not settled" */
export function openInWords(open: Open[]): string {
  return open.map(({ what, count }) => `${count} ${what}`).join('; ')
}
