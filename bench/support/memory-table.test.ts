import { expect, it } from 'vitest'
import { memoryTable, type Sample } from './memory-table.ts'

const at = (seconds: number, megabytes: number | null, pid = 1): Sample => ({
  atMs: seconds * 1_000,
  pids: { ingest: pid },
  rss: { ingest: megabytes === null ? null : megabytes * 1e6 },
  cpu: { ingest: megabytes === null ? null : seconds * 250_000 },
})

it('tells the slope of the second half, when the heap has filled', () => {
  const samples = Array.from({ length: 61 }, (_, index) => at(index * 10, index <= 30 ? index * 10 : 300 + (index - 30)))
  expect(memoryTable(samples).rows).toEqual([['ingest', '30', '327', '330', '6.00', '25']])
})

it('a process that was replaced is measured on both sides of the gap', () => {
  const samples = [at(0, 100), at(10, 100), at(20, null), at(30, 50, 2), at(40, 50, 2)]
  expect(memoryTable(samples).rows).toEqual([['ingest', '75', '75', '100', '0.00', '25']])
})
