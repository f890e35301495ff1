import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { endChildren } from '../support/child.ts'
import { type Fingerprint, type Pipeline, type ProcessName, startPipeline } from '../support/pipeline.ts'

/**
 * Every processor is killed with -9 at every labelled point between its steps, again and again, while traffic runs; at
 * the end the books must equal those of an undisturbed run of the same traffic.
 */
const KILLS = Number(process.env.CHAOS_KILLS ?? 20)
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
const PER_SECOND = Math.max(20, Math.ceil((EVENTS * 1_000) / (5 * KILLS * KILL_MS)))

let undisturbed: Fingerprint
let pipeline: Pipeline
const table: { process: string; point: string; kills: number; logged: number }[] = []

beforeAll(async () => {
  const quiet = await startPipeline()
  await quiet.simulate({ seed: SEED, events: EVENTS, perSecond: null, endMs: END_MS })
  undisturbed = await quiet.settledFingerprint()
  await quiet.stop()
  pipeline = await startPipeline()
}, 1_200_000)

afterAll(async () => {
  process.stdout.write(`\n| process | point | kills | logged at the point |\n|---|---|---|---|\n${table.map((row) => `| ${row.process} | ${row.point} | ${row.kills} | ${row.logged} |`).join('\n')}\n`)
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
    const extra = await trickle
    expect(table.every(({ kills: wanted, logged }) => logged === wanted)).toBe(true)
    const disturbed = await pipeline.settledFingerprint()
    expect(disturbed.unbalanced).toBe(0)
    expect(disturbed.explained).toBe(disturbed.accepted)
    expect(disturbed.accepted).toBeGreaterThanOrEqual(undisturbed.accepted)
    expect(extra).toBeGreaterThanOrEqual(0)
    const { accepted: _, explained: __, ...left } = disturbed
    const { accepted: ___, explained: ____, ...right } = undisturbed
    expect(left).toEqual(right)
  })

  /** The same traffic once more, slowly, as long as kills go on: repeats that change nothing but keep every step busy. */
  async function keepTrickling(until: Promise<unknown>): Promise<number> {
    let over = false
    until.finally(() => (over = true)).catch(() => {})
    let sent = 0
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    while (!over) {
      const { summary } = await pipeline.simulate({ seed: SEED, events: 200, perSecond: 40, endMs: END_MS })
      sent += summary.sent
    }
    return sent
  }
})
