import type { Panel } from '../dashboards/panel.ts'
import type { Log } from '../runtime/log.ts'
import { messageOf } from '../runtime/lifecycle.ts'
import type { Reader, Row } from './reader.ts'

export type PanelState = {
  id: string
  /** When the rows were read; null before the first answer. */
  at: string | null
  rows: Row[]
  /** Why the newest attempt failed; the rows are then those of the last good one. */
  error: string | null
  duration_ms: number
}

export type Viewer = { panel(state: PanelState): void }

export type LiveFeed = {
  /** The states as they are, then every new one. Null when there are viewers enough. */
  subscribe(viewer: Viewer): (() => void) | null
  viewers(): number
  close(): void
}

export const VIEWERS_MAX = 100
/** A panel may use this much of the store's time: one part in ten, however slow its query is. */
const REST_FACTOR = 9
const IDLE_STOP_MS = 30_000
const PAUSE_MS_MAX = 1_000

/** Reads each panel once for all viewers, one query at a time, and not at all while nobody watches. */
export function createLiveFeed(options: { reader: Reader; panels: readonly Panel[]; log: Log }): LiveFeed {
  const { reader, panels, log } = options
  const viewers = new Set<Viewer>()
  const slots = panels.map((panel) => ({ panel, dueMs: 0, state: emptyState(panel.id) }))
  let running = false
  let closed = false
  let lastSeenMs = 0

  async function refresh(slot: (typeof slots)[number]): Promise<void> {
    const startMs = performance.now()
    try {
      const rows = await reader.rows(slot.panel.sql)
      slot.state = { id: slot.panel.id, at: new Date().toISOString(), rows, error: null, duration_ms: Math.round(performance.now() - startMs) }
    } catch (error) {
      log.warn({ panel: slot.panel.id, error: messageOf(error) }, 'a panel cannot be read')
      slot.state = { ...slot.state, error: 'The store did not answer this question.', duration_ms: Math.round(performance.now() - startMs) }
    }
    slot.dueMs = performance.now() + Math.max(slot.panel.refreshMs, REST_FACTOR * slot.state.duration_ms)
    for (const viewer of viewers) viewer.panel(slot.state)
  }

  async function run(): Promise<void> {
    running = true
    while (!closed && (viewers.size > 0 || performance.now() - lastSeenMs < IDLE_STOP_MS)) {
      const next = slots.reduce((first, slot) => (slot.dueMs < first.dueMs ? slot : first))
      const waitMs = Math.min(PAUSE_MS_MAX, next.dueMs - performance.now())
      if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
      else await refresh(next)
    }
    running = false
  }

  return {
    subscribe(viewer) {
      if (viewers.size >= VIEWERS_MAX) return null
      viewers.add(viewer)
      lastSeenMs = performance.now()
      for (const slot of slots) if (slot.state.at !== null || slot.state.error !== null) viewer.panel(slot.state)
      if (!running) void run()
      return () => {
        viewers.delete(viewer)
        lastSeenMs = performance.now()
      }
    },
    viewers: () => viewers.size,
    close() {
      closed = true
      viewers.clear()
    },
  }
}

function emptyState(id: string): PanelState {
  return { id, at: null, rows: [], error: null, duration_ms: 0 }
}
