import { expect, test } from 'vitest'
import { codecs, createCodecs } from './codec.ts'
import { exampleRecords } from './example-records.ts'
import { readIds, readSchemas } from './read-schemas.ts'
import type { AvroField, AvroRecord } from './read-schemas.ts'
import { retirementOf } from './retire.ts'

/** The codecs after the current version of `name` was retired and its fields were changed. */
function codecsAfter(name: string, change: (fields: AvroField[]) => AvroField[]) {
  const { retired, ids } = retirementOf(name, readSchemas(), readIds())
  const changed = readSchemas().map((schema) => (schema.name === name ? { ...schema, fields: change(schema.fields) } : schema))
  return createCodecs(changed, ids, (version) => retired[version]!)
}

test('retiring a record also retires every record that holds it, however deep', () => {
  const { retired, ids } = retirementOf('Reason', readSchemas(), readIds())
  expect(Object.keys(retired).toSorted()).toEqual(['Reason@1', 'ScoredEvent@1', 'Verdict@1'])
  expect(ids['Verdict@1']).toBe(readIds()['Verdict'])
  expect(new Set(Object.values(ids)).size).toBe(Object.keys(ids).length)
})

test('a second retirement keeps the first', () => {
  const first = retirementOf('Binding', readSchemas(), readIds())
  const second = retirementOf('Binding', readSchemas(), first.ids)
  expect(Object.keys(second.retired)).toContain('Binding@2')
  expect(second.ids).toMatchObject({ 'Binding@1': readIds()['Binding'], 'Binding@2': first.ids['Binding'] })
})

test('an unknown record is not retired', () => {
  expect(() => retirementOf('Nothing', readSchemas(), readIds())).toThrow('there is no record Nothing')
})

test('a retired schema stands on its own', () => {
  const { retired } = retirementOf('Click', readSchemas(), readIds())
  const text = JSON.stringify(retired['ScoredEvent@1'])
  for (const name of ['AttributedEvent', 'Click', 'PlayerEvent', 'Binding', 'Verdict', 'Reason']) {
    expect(text.split(`"name":"${name}"`)).toHaveLength(2)
  }
})

test('records written before a field was added are read with its default, also inside others', () => {
  const added: AvroField[] = [
    { name: 'carrier', type: ['null', 'string'], default: null },
    { name: 'fee', type: ['null', { type: 'bytes', logicalType: 'decimal' }], default: null },
    { name: 'hops', type: 'long', default: 3 },
    { name: 'share', type: 'double', default: 0.5 },
    { name: 'word', type: { type: 'string', closed: 'Word', values: ['a', 'b'] }, default: 'b' },
    { name: 'extra', type: ['null', { type: 'map', values: 'string' }], default: null },
    { name: 'list', type: { type: 'array', items: 'string' }, default: [] },
  ]
  const after = codecsAfter('Click', (fields) => [...fields, ...added])
  const defaults = { carrier: null, fee: null, hops: 3, share: 0.5, word: 'b', extra: null, list: [] }
  for (const click of exampleRecords('Click')) {
    expect(after.Click.decode(codecs.Click.encode(click))).toEqual({ ...click, ...defaults })
    expect(after.Click.decode(after.Click.encode({ ...click, ...defaults }))).toEqual({ ...click, ...defaults })
  }
  const [event] = exampleRecords('ScoredEvent')
  const expected = { ...event, attributed: { ...event.attributed, click: { ...event.attributed.click, ...defaults } } }
  expect(after.ScoredEvent.decode(codecs.ScoredEvent.encode(event))).toEqual(expected)
})

test('records written before a field was removed, moved or widened are read', () => {
  const after = codecsAfter('EdgeOutcome', (fields) =>
    fields
      .filter(({ name }) => name !== 'reason')
      .map((field) => (field.name === 'quantity' ? { ...field, type: 'double' } : field))
      .toReversed(),
  )
  const [{ reason: _, ...kept }] = exampleRecords('EdgeOutcome')
  expect(after.EdgeOutcome.decode(codecs.EdgeOutcome.encode(exampleRecords('EdgeOutcome')[0]))).toEqual(kept)
})

test('the bytes of a retired version are checked as closely', () => {
  const after = codecsAfter('Click', (fields) => [...fields, { name: 'hops', type: 'long', default: 0 }])
  const bytes = codecs.Click.encode(exampleRecords('Click')[0])
  for (let length = 0; length < bytes.length; length++) {
    expect(() => after.Click.decode(bytes.subarray(0, length))).toThrow(expect.objectContaining({ code: 'too_short' }))
  }
})

test('a change that cannot be read back is refused when the codecs are built', () => {
  const withNewField = (fields: AvroField[]): AvroField[] => [...fields, { name: 'must', type: 'string' }]
  expect(() => codecsAfter('Disposition', withNewField)).toThrow(/must/)
})

test('a record without an id is refused when the codecs are built', () => {
  const noRetired = (): AvroRecord => {
    throw new Error('none')
  }
  expect(() => createCodecs(readSchemas(), {}, noRetired)).toThrow('ids.json has no id for')
})
