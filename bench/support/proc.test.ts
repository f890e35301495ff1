import { expect, it } from 'vitest'
import { cpuMicros, rssBytes } from './proc.ts'

it('a process tells its CPU time and memory, and one that is gone tells nothing', () => {
  const before = cpuMicros(process.pid) ?? 0
  const used = process.cpuUsage()
  expect(before).toBeGreaterThan(0)
  expect(Math.abs(before - (used.user + used.system))).toBeLessThan(1e6)
  expect(rssBytes(process.pid)).toBeGreaterThan(10e6)
  expect([cpuMicros(2 ** 30), rssBytes(2 ** 30)]).toEqual([null, null])
})
