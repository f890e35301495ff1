import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { until } from '../../test/support/until.ts'
import { createSpill, type Spill, type SpillRecord } from '../spill/spill.ts'
import { createAdmission } from './admission.ts'
import { createClickLane } from './click-lane.ts'
import { createDurableLane, type DurableLane } from './durable-lane.ts'

/** A log in memory that can be away, silently or loudly. */
function createTestLog() {
  const log = { state: 'there' as 'there' | 'silent' | 'refusing', records: [] as SpillRecord[], append }
  async function append(records: SpillRecord[]): Promise<void> {
    if (log.state === 'refusing') throw new Error('away')
    while (log.state === 'silent') await new Promise((resolve) => setTimeout(resolve, 5))
    log.records.push(...records)
  }
  return log
}

let dir: string
let spill: Spill
let log: ReturnType<typeof createTestLog>
let lane: DurableLane
const PATIENCE_MS = 50

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'tributary-lane-'))
  spill = await createSpill({ dir, now: Date.now })
  log = createTestLog()
  lane = createDurableLane({ log, spill, patienceMs: PATIENCE_MS })
})
afterEach(async () => {
  log.state = 'there'
  await lane.close()
  await spill.close()
  await rm(dir, { recursive: true })
})

const record = (number: number): SpillRecord => ({ topic: 't', partition: null, key: String(number), value: Buffer.from([number]) })
const keys = () => new Set(log.records.map((one) => one.key))

test('a record goes to the log when the log answers', async () => {
  expect(await lane.store([record(1)], 'money')).toBe('log')
  expect(spill.state().records).toBe(0)
})

test.each(['silent', 'refusing'] as const)(
  'a record goes to disk while the log is %s, at once after the first one, and to the log afterwards',
  async (state) => {
    log.state = state
    expect(await lane.store([record(1)], 'money')).toBe('spill')
    expect(lane.isLogAway()).toBe(true)
    const startMs = Date.now()
    for (let number = 2; number < 10; number++) expect(await lane.store([record(number)], 'money')).toBe('spill')
    expect(Date.now() - startMs).toBeLessThan(PATIENCE_MS * 8)
    log.state = 'there'
    await until(
      'the spill is empty',
      () => spill.state().records,
      (records) => records === 0,
      5_000,
    )
    expect(keys()).toEqual(new Set(['1', '2', '3', '4', '5', '6', '7', '8', '9']))
    expect(await lane.store([record(10)], 'money')).toBe('log')
  },
)

test('what a former process left on disk goes to the log, and nobody waits for a log that may be away', async () => {
  await lane.close()
  await spill.append([record(7)], 'money')
  await spill.close()
  const again = await createSpill({ dir, now: Date.now })
  log.state = 'silent'
  const next = createDurableLane({ log, spill: again, patienceMs: 10_000 })
  expect(await next.store([record(8)], 'money')).toBe('spill')
  log.state = 'there'
  await until(
    'the spill is empty',
    () => again.state().records,
    (records) => records === 0,
    5_000,
  )
  expect(keys()).toEqual(new Set(['7', '8']))
  await next.close()
  await again.close()
})

test('a click that finds no place is counted, and the queue is bounded', async () => {
  let dropped = 0
  const clicks = createClickLane({
    lane,
    onStored: () => {},
    onDropped: (count) => {
      dropped += count
    },
    queueMax: 3,
  })
  for (let number = 0; number < 5; number++) clicks.push(record(number))
  expect([clicks.depth(), dropped]).toEqual([3, 2])
  await clicks.close()
  expect([clicks.depth(), log.records.length]).toEqual([0, 3])
})

test('admission bounds one integration and all of them', () => {
  const admission = createAdmission({ totalMax: 10, perIntegrationMax: 6 })
  expect(admission.enter('a', 6)).toBe('ok')
  expect(admission.enter('a', 1)).toBe('limited')
  expect(admission.enter('b', 4)).toBe('ok')
  expect(admission.enter('c', 1)).toBe('overloaded')
  admission.leave('a', 6)
  expect(admission.enter('a', 1)).toBe('ok')
  expect(admission.depth()).toBe(5)
})
