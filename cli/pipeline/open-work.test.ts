import { expect, it } from 'vitest'
import { createNames } from '../../runtime/names.ts'
import { topics } from '../../schemas/topics.ts'
import { topicRows } from '../../processors/warehouse/rows.ts'
import { gaugeOf, groupTopics, isSettled, type Look, lookAtPipeline, openInWords, placesOf } from './open-work.ts'

const look = (open: Look['open'], latest: [string, number][]): Look => ({ open, latest: new Map(latest) })
const names = createNames('')
const idle = 'tributary_spill_records 0\ntributary_click_queue_records 0\ntributary_producer_records 0\n'

function pipeline(options: { high?: number; committed?: number; metrics?: () => Promise<string>; accepted?: number; unsettled?: number }) {
  const places = placesOf(names)
  const at = (offset: number) => new Map(places.map(({ topic, partition }) => [`${topic}/${partition}`, offset]))
  return {
    names,
    admin: {
      earliest: async () => at(0),
      latest: async () => at(options.high ?? 0),
      committed: async () => at(options.committed ?? 0),
      members: async () => 1,
      forget: async () => {},
      close: () => Promise.resolve(),
    },
    reader: { rows: (async () => [{ accepted: options.accepted ?? 0, unsettled: options.unsettled ?? 0 }]) as never, check: async () => {} },
    readIngestMetrics: options.metrics ?? (async () => idle),
  }
}

it('two quiet looks with the same log ends are the end; one is not', () => {
  const quiet = look([], [['clicks/0', 5]])
  expect(isSettled(null, quiet)).toBe(false)
  expect(isSettled(quiet, quiet)).toBe(true)
  expect(isSettled(quiet, look([], [['clicks/0', 6]]))).toBe(false)
  expect(isSettled(look([{ part: 'log', what: 'x', count: 1 }], [['clicks/0', 5]]), quiet)).toBe(false)
})

it('finds nothing open when everything was read and decided', async () => {
  expect((await lookAtPipeline(pipeline({ high: 7, committed: 7 }))).open).toEqual([])
})

it('names the topic, the group and the number of records that are not read yet', async () => {
  const { open } = await lookAtPipeline(pipeline({ high: 2, committed: 1 }))
  expect(open).toContainEqual({ part: 'log', what: 'records of scored-events not yet read by commission', count: topics['scored-events'].partitions })
})

it('a record on disk at the edge, a receipt without a disposition and an unsettled verdict are open too', async () => {
  const { open } = await lookAtPipeline(pipeline({ metrics: async () => idle.replace('spill_records 0', 'spill_records 3'), accepted: 2, unsettled: 1 }))
  expect(openInWords(open)).toBe('3 records on disk that wait for the log; 2 receipts without a disposition; 1 verdicts that are not settled')
})

it('an ingest that does not answer, or does not tell, is never taken for an idle one', async () => {
  const away = await lookAtPipeline(pipeline({ metrics: async () => Promise.reject(new Error('refused')) }))
  expect(away.open[0]?.part).toBe('ingest')
  expect((await lookAtPipeline(pipeline({ metrics: async () => '' }))).open).toHaveLength(3)
})

it('reads a gauge with labels and without', () => {
  expect(gaugeOf('# HELP a b\na{service="x"} 2\na{service="y"} 3\nab 9', 'a')).toBe(5)
  expect(gaugeOf('ab 9', 'a')).toBeNull()
})

it('waits for every topic that the sink reads', () => {
  expect(new Set(groupTopics.warehouse)).toEqual(new Set(topicRows.map(({ topic }) => topic)))
  expect(groupTopics.warehouse?.length).toBe(new Set(groupTopics.warehouse).size)
})
