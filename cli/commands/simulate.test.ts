import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test } from 'vitest'
import { loadConfig } from '../../runtime/config.ts'
import { argumentsFrom, command } from './simulate.ts'

const nowMs = Date.UTC(2026, 5, 10, 12, 34)
const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

function dataFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'simulate-'))
  folders.push(folder)
  return folder
}

async function run(values: Record<string, string>, env: Record<string, string> = {}): Promise<{ code: number; err: string }> {
  let err = ''
  const config = loadConfig({ TRIBUTARY_CATALOG: join(import.meta.dirname, '..', '..', 'catalog'), TRIBUTARY_DATA: dataFolder(), ...env })
  const code = await command.run({ values, positionals: [], json: false, out: () => {}, err: (text) => (err += text), config, env })
  return { code, err }
}

test('seed, events, rate, labels and until are understood', () => {
  expect(argumentsFrom({ seed: '7', events: '2000', rate: '50/s', labels: 'f.jsonl', until: '2026-06-10T12:00:00+02:00' }, [], nowMs)).toEqual({
    seed: 7,
    events: 2000,
    perSecond: 50,
    labels: 'f.jsonl',
    endMs: Date.UTC(2026, 5, 10, 10),
    ingest: null,
  })
})

test('without until a batch ends at the last full hour, so that the same seed gives the same traffic for a while', () => {
  expect(argumentsFrom({ seed: '0', events: '1' }, [], nowMs)).toMatchObject({ endMs: Date.UTC(2026, 5, 10, 12), perSecond: null, labels: null })
})

test.each([
  ['no seed', { events: '10' }, '--seed'],
  ['a seed that is no number', { seed: 'x', events: '10' }, '--seed'],
  ['a negative seed', { seed: '-1', events: '10' }, '--seed'],
  ['no events', { seed: '1' }, '--events'],
  ['no event at all', { seed: '1', events: '0' }, '--events'],
  ['more events than a run may have', { seed: '1', events: '5000001' }, '--events'],
  ['half an event', { seed: '1', events: '1.5' }, '--events'],
  ['a rate per minute', { seed: '1', events: '1', rate: '5/m' }, '--rate'],
  ['a rate of nothing', { seed: '1', events: '1', rate: '0/s' }, '--rate'],
  ['a time to come', { seed: '1', events: '1', until: '2999-01-01T00:00:00Z' }, '--until'],
  ['a time without offset', { seed: '1', events: '1', until: '2026-01-01T00:00:00' }, '--until'],
  ['an address that is none', { seed: '1', events: '1', ingest: 'localhost' }, '--ingest'],
])('%s is a usage error that names the option', async (_, values, option) => {
  const { code, err } = await run(values as Record<string, string>)
  expect(code).toBe(2)
  expect(err).toContain(option)
})

test('an argument is a usage error', () => {
  expect(argumentsFrom({ seed: '1', events: '1' }, ['more'], nowMs)).toContain('"more"')
})

test('without a running stack the command says how to start one', async () => {
  const { code, err } = await run({ seed: '1', events: '1' })
  expect(code).toBe(1)
  expect(err).toContain('npm start')
})

test('without the secrets of the integrations the command names their variables', async () => {
  const { code, err } = await run({ seed: '1', events: '1', ingest: 'http://127.0.0.1:1' }, { HARBOR_PLATFORM_SECRET: 'abcdefgh' })
  expect(code).toBe(1)
  expect(err).toContain('NORTH_BACKOFFICE_SECRET')
  expect(err).not.toContain('abcdefgh')
})

test('a catalog with mistakes is told with file and line', async () => {
  const folder = dataFolder()
  writeFileSync(join(folder, 'brands.yaml'), '- id: Wrong\n')
  const { code, err } = await run({ seed: '1', events: '1' }, { TRIBUTARY_CATALOG: folder })
  expect(code).toBe(1)
  expect(err).toContain('brands.yaml:1')
})
