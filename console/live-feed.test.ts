import { expect, it, vi } from 'vitest'
import { panels } from '../dashboards/panels.ts'
import { createLiveFeed, type PanelState, VIEWERS_MAX } from './live-feed.ts'
import type { Reader, Row } from './reader.ts'

const log = { info() {}, warn() {}, error() {} }
const [panel] = panels
if (panel === undefined) throw new Error('no panel')

function feedOver(answer: () => Promise<Row[]>) {
  let reads = 0
  const rows = async () => {
    reads++
    return answer()
  }
  const reader: Reader = { rows: rows as Reader['rows'], check: async () => {} }
  return { feed: createLiveFeed({ reader, panels: [{ ...panel!, refreshMs: 1 }], log }), reads: () => reads }
}

it('one reading serves all viewers, and a new one gets the newest at once', async () => {
  const { feed, reads } = feedOver(async () => [{ n: 1 }])
  const first: PanelState[] = []
  const second: PanelState[] = []
  feed.subscribe({ panel: (state) => first.push(state) })
  await vi.waitFor(() => expect(first.length).toBeGreaterThan(0))
  const before = reads()
  feed.subscribe({ panel: (state) => second.push(state) })
  expect(second[0]?.rows).toEqual([{ n: 1 }])
  expect(reads()).toBe(before)
  feed.close()
})

it('a panel that cannot be read keeps its last rows and says so', async () => {
  let broken = false
  const { feed } = feedOver(async () => {
    if (broken) throw new Error('Code: 241. DB::Exception: secret detail')
    return [{ n: 7 }]
  })
  const states: PanelState[] = []
  feed.subscribe({ panel: (state) => states.push(state) })
  await vi.waitFor(() => expect(states.length).toBeGreaterThan(0))
  broken = true
  await vi.waitFor(() => expect(states.at(-1)?.error).not.toBeNull())
  expect(states.at(-1)?.rows).toEqual([{ n: 7 }])
  expect(states.at(-1)?.error).not.toContain('secret detail')
  feed.close()
})

it('viewers are bounded, and a place that is left can be taken', () => {
  const { feed } = feedOver(async () => [])
  const leaves = Array.from({ length: VIEWERS_MAX }, () => feed.subscribe({ panel() {} }))
  expect(feed.subscribe({ panel() {} })).toBeNull()
  leaves[0]?.()
  expect(feed.subscribe({ panel() {} })).not.toBeNull()
  feed.close()
})
