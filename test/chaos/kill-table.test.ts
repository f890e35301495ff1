import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endChildren } from '../support/child.ts'
import { differences, type Fingerprint, type Pipeline, type ProcessName, startPipeline } from '../support/pipeline.ts'

/**
 * Every processor is killed with -9 at every labelled point between its steps, again and again, while traffic runs; at
 * the end the books must equal those of an undisturbed run of the same traffic.
 */
const KILLS = Number(process.env.CHAOS_KILLS ?? 3)
const CHAIN_POINTS = ['after_load', 'after_produce', 'after_apply', 'before_commit']
const POINTS: Record<Exclude<ProcessName, 'ingest'>, string[]> = {
  attribution: CHAIN_POINTS,
  fraud: CHAIN_POINTS,
  commission: CHAIN_POINTS,
  warehouse: ['before_plan', 'after_plan', 'before_insert', 'after_insert', 'before_commit'],
}
const SEED = 11
const EVENTS = 400 + 800 * KILLS
const KILL_MS = 4_500
const END_MS = Date.UTC(2026, 9, 1)
/** Sent again and again as long as kills go on: from the second time on repeats that change nothing but keep every step busy. */
const TRICKLE = { seed: SEED + 1, events: 200, perSecond: 40, endMs: END_MS }
const PER_SECOND = Math.max(20, Math.ceil((EVENTS * 1_000) / (5 * KILLS * KILL_MS)))

let undisturbed: Fingerprint
let pipeline: Pipeline
const table: { process: string; point: string; kills: number; logged: number }[] = []

beforeAll(async () => {
  const quiet = await startPipeline()
  await quiet.simulate({ seed: SEED, events: EVENTS, perSecond: null, endMs: END_MS })
  await quiet.simulate(TRICKLE)
  undisturbed = await quiet.settledFingerprint()
  await quiet.stop()
  pipeline = await startPipeline()
}, 1_200_000)

afterAll(async () => {
  process.stdout.write(
    `\n| process | point | kills | logged at the point |\n|---|---|---|---|\n${table.map((row) => `| ${row.process} | ${row.point} | ${row.kills} | ${row.logged} |`).join('\n')}\n`,
  )
  await pipeline?.stop()
  endChildren()
})

async function killThrough(name: Exclude<ProcessName, 'ingest'>): Promise<void> {
  pipeline.child(name).kill('SIGKILL')
  await pipeline.child(name).exited
  for (const point of POINTS[name]) {
    let logged = 0
    for (let kill = 0; kill < KILLS; kill++) {
      const child = pipeline.start(name, { killAt: `${point}:${1 + (kill % 3)}` })
      const ended = await child.exited
      if (ended === 'SIGKILL' && child.output().includes(`killed at ${point}`)) logged++
    }
    table.push({ process: name, point, kills: KILLS, logged })
  }
  pipeline.start(name)
}

describe('kill -9 at every point', () => {
  it('leaves the books of an undisturbed run', async () => {
    const traffic = pipeline.simulate({ seed: SEED, events: EVENTS, perSecond: PER_SECOND, endMs: END_MS })
    // A process that waits for work at its point gets it from those before it; all four are killed at the same time.
    const kills = Promise.all((Object.keys(POINTS) as (keyof typeof POINTS)[]).map(killThrough))
    const trickle = keepTrickling(kills)
    const { summary } = await traffic
    expect(summary.accepted).toBe(summary.sent)
    await kills
    await trickle
    expect(table.filter(({ kills: wanted, logged }) => logged !== wanted)).toEqual([])
    const disturbed = await pipeline.settledFingerprint()
    expect(disturbed.unbalanced).toBe(0)
    expect(disturbed.explained).toBe(disturbed.accepted)
    expect(differences(undisturbed, disturbed)).toEqual([])
  })
})

async function keepTrickling(until: Promise<unknown>): Promise<void> {
  let over = false
  until.finally(() => (over = true)).catch(() => {})
  do await pipeline.simulate(TRICKLE)
  while (!over)
}
