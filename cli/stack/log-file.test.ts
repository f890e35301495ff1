import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { openLogFile } from './log-file.ts'

const MIB = 1024 * 1024

it('a log keeps its end and never more than twice its size', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tributary-log-'))
  const path = join(folder, 'part.log')
  const log = openLogFile(path)
  for (let i = 0; i < 40; i++) log.write(Buffer.alloc(MIB, i))
  log.write(Buffer.from('the end'))
  log.close()
  log.write(Buffer.from('after the close nothing is written'))
  expect(log.tail()).toMatch(/the end$/)
  expect(statSync(path).size + statSync(`${path}.1`).size).toBeLessThanOrEqual(16 * MIB)
  rmSync(folder, { recursive: true, force: true })
})
