import { expect, it } from 'vitest'
import { panelKinds, tones, units } from './panel.ts'
import { panelById, panels } from './panels.ts'

it('every panel has an id of its own, and can be found by it', () => {
  expect(new Set(panels.map((panel) => panel.id)).size).toBe(panels.length)
  for (const panel of panels) {
    expect(panel.id).toMatch(/^[a-z][a-z0-9-]*$/)
    expect(panelById(panel.id)).toBe(panel)
  }
  expect(panelById('nothing')).toBeNull()
})

it.each(panels.map((panel) => [panel.id, panel] as const))('%s asks a question, names known kinds and units, and says what empty means', (_id, panel) => {
  expect(panel.question).toMatch(/[?.]$/)
  expect(panel.empty).toMatch(/\.$/)
  expect(panelKinds).toContain(panel.kind)
  expect(units).toContain(panel.unit)
  expect(panel.refreshMs).toBeGreaterThanOrEqual(1_000)
  for (const column of panel.columns) {
    expect(units).toContain(column.unit)
    if (column.tone !== undefined) expect(tones).toContain(column.tone)
    if (column.currency !== undefined) expect(panel.columns.map(({ name }) => name)).toContain(column.currency)
  }
})

it.each(panels.map((panel) => [panel.id, panel] as const))(
  '%s names each column once, and sets thresholds only on its own columns, warn before bad',
  (_id, panel) => {
    const names = panel.columns.map(({ name }) => name)
    expect(new Set(names).size).toBe(names.length)
    for (const { column, when, warn, bad } of panel.thresholds) {
      expect(names).toContain(column)
      expect(when === 'above' ? warn <= bad : warn >= bad).toBe(true)
    }
  },
)

it.each(panels.map((panel) => [panel.id, panel] as const))('%s reads the public views alone, by their bare names', (_id, panel) => {
  expect(panel.sql).not.toMatch(/tributary|;\s*$|INSERT|file\(|url\(/)
  expect(panel.sql.trim()).toMatch(/^(SELECT|WITH)\b/)
})

it('a drawing over time begins with its time, and a chart has something to draw', () => {
  for (const panel of panels.filter(({ kind }) => kind === 'timeseries')) {
    expect(panel.columns[0]?.unit).toBe('time')
    expect(panel.columns.slice(1).some((column) => !column.aside)).toBe(true)
  }
})
