import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { endChildren } from '../support/child.ts'
import { differences, type Fingerprint, type Pipeline, type ProcessName, startPipeline } from '../support/pipeline.ts'
import { testServices } from '../support/services.ts'
import { until } from '../support/until.ts'

/** Traffic with parked facts, and what may happen meanwhile; the books must be those of an undisturbed run. */
const SEED = 21
const EVENTS = 1_500
const END_MS = Date.UTC(2026, 9, 1)
const PARKED = 120
const PROCESSORS: ProcessName[] = ['attribution', 'fraud', 'commission', 'warehouse']
const SESSION_MS = 6_000

const players = Array.from({ length: PARKED }, (_, i) => `early-${i}`)
const deposits = players.map((player) => ({
  event: 'deposit',
  external_event_id: `d-${player}`,
  player_id: player,
  amount: '100',
  currency: 'EUR',
  occurred_at: '2026-09-30T10:00:00Z',
}))
const registrations = players.map((player) => ({ event: 'registration', player_id: player, promo_code: 'SCOUT100', occurred_at: '2026-09-30T09:00:00Z' }))

let undisturbed: Fingerprint

/** The same traffic for everybody: facts that wait, then a batch with `meanwhile` in it, then what they waited for. */
async function run(pipeline: Pipeline, meanwhile: () => Promise<void>): Promise<Fingerprint> {
  await pipeline.send(deposits)
  const parked = () => pipeline.sql<{ n: string }>(`SELECT toString(count()) AS n FROM receipts WHERE disposition = 'parked'`)
  await until('the deposits are parked', parked, ([row]) => Number(row?.n) >= PARKED, 60_000)
  const traffic = pipeline.simulate({ seed: SEED, events: EVENTS, perSecond: 100, endMs: END_MS })
  await meanwhile()
  expect((await traffic).summary.accepted).toBe(EVENTS)
  await pipeline.send(registrations)
  return pipeline.settledFingerprint()
}

async function expectSameBooks(meanwhile: (pipeline: Pipeline) => Promise<void>): Promise<Pipeline> {
  const pipeline = await startPipeline()
  const disturbed = await run(pipeline, () => meanwhile(pipeline))
  expect(differences(undisturbed, disturbed)).toEqual([])
  expect(disturbed.unbalanced).toBe(0)
  expect(disturbed.explained).toBe(disturbed.accepted)
  return pipeline
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

beforeAll(async () => {
  const pipeline = await startPipeline()
  undisturbed = await run(pipeline, () => Promise.resolve())
  expect(undisturbed.receipts.filter((line) => line.includes(' d-early-') && line.includes(' applied')).length).toBe(PARKED)
  await pipeline.stop()
}, 400_000)
afterEach(endChildren)
afterAll(endChildren)

describe('the books of an undisturbed run come out', () => {
  it('when Redis loses everything five times with more than a hundred facts parked, and nothing is approved on incomplete windows', async () => {
    const redis = new Redis(testServices().redisUrl)
    const pipeline = await expectSameBooks(async () => {
      for (let flush = 0; flush < 5; flush++) {
        await pause(3_000)
        await redis.flushall()
      }
    })
    redis.disconnect()
    const approvedBlindly = await pipeline.sql(`SELECT verdict_id FROM verdict_history WHERE settled AND completeness < 1 AND decision = 'allow'`)
    expect(approvedBlindly).toEqual([])
    await pipeline.stop()
  }, 400_000)

  it('when second and third consumers join and leave, politely and not', async () => {
    const pipeline = await expectSameBooks(async (started) => {
      for (const name of PROCESSORS) {
        const second = started.start(name, { instance: `${name}-1` })
        await pause(1_500)
        const third = started.start(name, { instance: `${name}-2` })
        await pause(2_500)
        second.kill('SIGTERM')
        expect(await second.exited).toBe(0)
        third.kill('SIGKILL')
        await third.exited
      }
    })
    await pipeline.stop()
  }, 400_000)

  it('when a process is frozen past its session while another takes over, and wakes again', async () => {
    const pipeline = await expectSameBooks(async (started) => {
      for (const name of PROCESSORS) {
        const frozen = started.child(name)
        frozen.kill('SIGSTOP')
        started.start(name, { instance: `${name}-heir` })
        await pause(SESSION_MS + 3_000)
        frozen.kill('SIGCONT')
        await pause(2_000)
        frozen.kill('SIGTERM')
        await frozen.exited
      }
    })
    await pipeline.stop()
  }, 400_000)

  it('when records come that nobody can read, each of which is kept as a dead letter', async () => {
    const poison = [Buffer.alloc(0), Buffer.from('not avro'), Buffer.from([0, 0, 0, 0, 1]), Buffer.from([0, 255, 255, 255, 255, 1, 2, 3])]
    const pipeline = await expectSameBooks(async (started) => {
      for (const [i, value] of poison.entries()) {
        await started.produce({ topic: 'player-events', partition: i, key: 'lucky-harbor:poison', value })
        await started.produce({ topic: 'clicks', partition: i, key: 'poison', value })
      }
    })
    const letters = await pipeline.sql<{ topic: string; steps: string }>(
      `SELECT replaceRegexpOne(topic, '^.*\\\\.', '') AS topic, arrayStringConcat(arraySort(groupUniqArray(step)), ',') AS steps FROM dead_letters GROUP BY topic, partition, offset ORDER BY topic`,
    )
    expect(letters.filter(({ topic }) => topic === 'player-events')).toHaveLength(poison.length)
    expect(letters.filter(({ topic }) => topic === 'clicks')).toHaveLength(poison.length)
    await pipeline.stop()
  }, 400_000)
})
