import { randomBytes } from 'node:crypto'
import { scoredFromRecord } from './core.ts'
import type { Windows } from './windows.ts'
import type { Log } from '../../runtime/log.ts'
import type { LogReader } from '../../runtime/read-range.ts'
import { MONEY_PARTITIONS, topics } from '../../schemas/topics.ts'

const CHECK_INTERVAL_MS = 1_000
const REMEMBERED_MS = 90 * 86_400_000

/**
 * Fills the external ids again when Redis has lost them: from `scored-events`, partition by partition, whoever owns it,
 * since a second player may be in any. Doing it twice is harmless. Until all partitions are in, nobody takes an unused
 * external id for granted.
 */
export function startExternalIdKeeper(options: {
  windows: Windows
  reader: LogReader
  topicOf: (name: string) => string
  log: Log
  onError: (error: unknown) => void
  isPassing: (error: unknown) => boolean
}) {
  const { windows, reader, log } = options
  const topic = options.topicOf(topics['scored-events'].name)
  let stopping = false
  let timer: NodeJS.Timeout | undefined

  async function fill(partition: number): Promise<void> {
    const { high } = await reader.watermarks(topic, partition)
    const from = await reader.offsetAt(topic, partition, Date.now() - REMEMBERED_MS)
    for await (const records of reader.read({ topic, partition, from, to: high })) {
      const used = records.flatMap((record) => {
        const attributed = scoredFromRecord(record)?.attributed
        const counts = attributed?.kind === 'event' && attributed.event.external_event_id !== '' && !attributed.event.is_test
        return counts ? [{ event: attributed.event, partition }] : []
      })
      await windows.useExternalIds(used)
    }
  }

  async function check(): Promise<void> {
    const slots = await windows.meta()
    for (let partition = 0; partition < MONEY_PARTITIONS && !stopping; partition++) {
      if (slots.every(({ externalIds }) => externalIds.has(partition))) continue
      await windows.fillExternalIds(partition, randomBytes(8).toString('hex'), () => fill(partition))
      log.info({ partition }, 'the external ids of the partition are in')
    }
  }

  let running: Promise<void> = Promise.resolve()
  const next = () => {
    if (stopping) return
    running = check()
      .catch((error: unknown) => {
        if (!stopping && !options.isPassing(error)) options.onError(error)
      })
      .finally(() => {
        if (!stopping) timer = setTimeout(next, CHECK_INTERVAL_MS)
      })
  }
  next()
  return {
    async stop() {
      stopping = true
      clearTimeout(timer)
      await running
    },
  }
}
