import { numberText, type Table } from './report.ts'
import { median, slopeOf } from './statistics.ts'

/** One look at all processes, by name; null where a process had just ended. */
export type Sample = { atMs: number; pids: Record<string, number>; rss: Record<string, number | null>; cpu: Record<string, number | null> }

const MINUTE_MS = 60_000
const MB = 1e6

/**
 * First and last minute are medians. The slope is that of the second half: caches and heaps fill first, and what still
 * grows then is what would go on growing.
 */
export function memoryTable(samples: readonly Sample[]): Table {
  const endMs = samples.at(-1)?.atMs ?? 0
  const names = Object.keys(samples[0]?.pids ?? {})
  return {
    title: 'memory in RAM, MB, and CPU',
    head: ['process', 'first minute', 'last minute', 'max', 'slope MB/min', 'CPU % of a core'],
    rows: names.map((name) => {
      const points = samples.flatMap(({ atMs, rss }) => (typeof rss[name] === 'number' ? [{ x: atMs / MINUTE_MS, y: rss[name] / MB }] : []))
      const within = (fromMs: number, toMs: number) => points.filter(({ x }) => x * MINUTE_MS >= fromMs && x * MINUTE_MS <= toMs).map(({ y }) => y)
      return [
        name,
        numberText(median(within(0, MINUTE_MS))),
        numberText(median(within(endMs - MINUTE_MS, endMs))),
        numberText(Math.max(...points.map(({ y }) => y))),
        numberText(slopeOf(points.filter(({ x }) => x * MINUTE_MS >= endMs / 2)), 2),
        numberText(cpuPercent(samples, name)),
      ]
    }),
  }
}

/** Over all pairs of looks at one and the same process. */
function cpuPercent(samples: readonly Sample[], name: string): number {
  let usedMicros = 0
  let passedMs = 0
  for (const [index, now] of samples.entries()) {
    const before = samples[index - 1]
    const [from, to] = [before?.cpu[name], now.cpu[name]]
    if (before === undefined || typeof from !== 'number' || typeof to !== 'number' || before.pids[name] !== now.pids[name]) continue
    usedMicros += to - from
    passedMs += now.atMs - before.atMs
  }
  return passedMs === 0 ? Number.NaN : (usedMicros / 1000 / passedMs) * 100
}
