import type { PipelineView } from './open-work.ts'

export type Check = { what: string; ok: boolean }
export type RebuildParts = {
  kafkaBrokers: string
  redisUrl: string
  clickhouseUrl: string
  view: PipelineView
  /** The local process that writes to ClickHouse; null when somebody else runs it. */
  warehousePid: number | null
  readPids: () => Promise<Record<string, number>>
  say: (text: string) => void
}

/** What was thrown away, and how to see, once everything was read again, that it is whole. */
export type Rebuild = { removed: string; check: () => Promise<Check[]> }
