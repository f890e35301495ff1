import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import avro from 'avsc'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arbitraryRecord } from './arbitrary-record.ts'
import { LONG_MAX, LONG_MIN, MONEY_MAX } from './avro-types.ts'
import { CodecError, codecs, RECORD_BYTES_MAX } from './codec.ts'
import type { Codec, CodecErrorCode } from './codec.ts'
import { exampleNames, exampleRecords } from './example-records.ts'
import { readIds, readSchemas } from './read-schemas.ts'
import type { RecordTypes } from './records.generated.ts'

const names = Object.keys(codecs) as (keyof RecordTypes)[]
const codecOf = (name: keyof RecordTypes): Codec<unknown> => codecs[name] as Codec<unknown>
const goldenFile = (name: string): string => join(import.meta.dirname, 'golden', `${name}.hex`)

function codeOf(action: () => unknown): CodecErrorCode | 'no error' {
  try {
    action()
    return 'no error'
  } catch (error) {
    if (error instanceof CodecError) return error.code
    throw error
  }
}

test('every record has a codec, an id of its own, examples and golden bytes, and nothing is left over', () => {
  expect(names.toSorted()).toEqual(
    readSchemas()
      .map(({ name }) => name)
      .toSorted(),
  )
  expect(exampleNames().toSorted()).toEqual(names.toSorted())
  expect(readdirSync(join(import.meta.dirname, 'golden')).toSorted()).toEqual(names.map((name) => `${name}.hex`).toSorted())
  const ids = Object.values(readIds())
  expect(new Set(ids).size).toBe(ids.length)
})

describe.each(names)('%s', (name) => {
  const codec = codecOf(name)

  test('writes the golden bytes of its examples and reads them back', async () => {
    const examples = exampleRecords(name)
    await expect(examples.map((example) => `${codec.encode(example).toString('hex')}\n`).join('')).toMatchFileSnapshot(goldenFile(name))
    const golden = readFileSync(goldenFile(name), 'utf8').trim().split('\n')
    expect(golden.map((line) => codec.decode(Buffer.from(line, 'hex')))).toEqual(examples)
  })

  test('its first example sets every field', () => {
    const [full] = exampleRecords(name)
    const fields = readSchemas()
      .find((schema) => schema.name === name)!
      .fields.map((field) => field.name)
    expect(Object.keys(full).toSorted()).toEqual(fields.toSorted())
    expect(Object.entries(full).filter(([, value]) => value === null)).toEqual([])
  })

  test('gives back every value that it takes', () => {
    fc.assert(
      fc.property(arbitraryRecord(name), (value) => {
        const bytes = codec.encode(value)
        expect(codec.decode(bytes)).toEqual(value)
        expect(codec.encode(codec.decode(bytes))).toEqual(bytes)
      }),
    )
  })

  test('starts with a zero and its id, and a plain Avro reader reads the rest', () => {
    const [full] = exampleRecords(name)
    const bytes = codec.encode(full)
    expect(bytes[0]).toBe(0)
    expect(bytes.readUInt32BE(1)).toBe(readIds()[name])
    const registry = {}
    const plain = new Map(readSchemas().map((schema) => [schema.name, avro.Type.forSchema(schema as never, { registry, wrapUnions: false })]))
    const value = plain.get(name)!.fromBuffer(bytes.subarray(5)) as Record<string, unknown>
    const firstField = Object.keys(full)[0]!
    expect(value[firstField]).toBe((full as Record<string, unknown>)[firstField])
  })

  test('refuses its bytes when they are cut anywhere or longer', () => {
    for (const example of exampleRecords(name)) {
      const bytes = codec.encode(example)
      for (let length = 0; length < bytes.length; length++) expect(codeOf(() => codec.decode(bytes.subarray(0, length)))).toBe('too_short')
      expect(codeOf(() => codec.decode(Buffer.concat([bytes, Buffer.from([0])])))).toBe('trailing_bytes')
    }
  })

  test('throws nothing but a CodecError on altered bytes, and what it reads it can write', () => {
    const alteration = fc.record({ at: fc.nat(), byte: fc.integer({ min: 0, max: 255 }) })
    fc.assert(
      fc.property(fc.constantFrom(...exampleRecords(name)), fc.array(alteration, { minLength: 1, maxLength: 4 }), (example, alterations) => {
        const bytes = codec.encode(example)
        for (const { at, byte } of alterations) bytes[5 + (at % (bytes.length - 5))] = byte
        codeOf(() => codec.encode(codec.decode(bytes)))
      }),
      { numRuns: 1000 },
    )
  })

  test('throws nothing but a CodecError on any bytes', () => {
    const header = codec.encode(exampleRecords(name)[0]).subarray(0, 5)
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.boolean(), (body, hasHeader) => {
        codeOf(() => codec.decode(Buffer.concat(hasHeader ? [header, body] : [body])))
      }),
      { numRuns: 1000 },
    )
  })

  test('refuses what is not its record', () => {
    for (const value of [null, undefined, 1, 'text', [], {}, new Map()]) expect(codeOf(() => codec.encode(value))).toBe('invalid_value')
  })
})

test('a wrong first byte, an unknown id and the id of another record are told apart', () => {
  const bytes = codecs.Reason.encode(exampleRecords('Reason')[0])
  expect(codeOf(() => codecs.Reason.decode(Buffer.from([1, ...bytes.subarray(1)])))).toBe('wrong_magic')
  expect(codeOf(() => codecs.Reason.decode(Buffer.from([0, 255, 255, 255, 255, ...bytes.subarray(5)])))).toBe('unknown_schema')
  expect(codeOf(() => codecs.Click.decode(bytes))).toBe('unknown_schema')
})

/** Avro's zigzag varint of any size. */
function varint(value: bigint): Buffer {
  let rest = value >= 0n ? value * 2n : -value * 2n - 1n
  const bytes: number[] = []
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80)
  return Buffer.from([...bytes, Number(rest)])
}

const outcome = (quantity: number) => ({ ...exampleRecords('EdgeOutcome')[0], quantity, at: 0 })

describe('longs', () => {
  test.each([0, 1, -1, 63, -64, 64, -65, 2 ** 31, -(2 ** 31), 2 ** 52, LONG_MIN, LONG_MIN + 1, LONG_MAX, LONG_MAX - 1])('%d survives', (value) => {
    const bytes = codecs.EdgeOutcome.encode(outcome(value))
    expect(codecs.EdgeOutcome.decode(bytes).quantity).toBe(value)
    expect(bytes.subarray(-1 - varint(BigInt(value)).length, -1)).toEqual(varint(BigInt(value)))
  })

  test.each([LONG_MIN - 1, LONG_MAX + 1, -LONG_MAX, 1.5, Number.NaN, Infinity, -Infinity])('%d is not written', (value) => {
    expect(codeOf(() => codecs.EdgeOutcome.encode(outcome(value)))).toBe('invalid_value')
  })

  test.each([BigInt(LONG_MIN) - 1n, BigInt(LONG_MIN) - 2n, BigInt(LONG_MAX) + 1n, BigInt(LONG_MAX) + 2n, 2n ** 63n - 1n, -(2n ** 63n)])(
    '%d is not read as another number',
    (value) => {
      const bytes = codecs.EdgeOutcome.encode(outcome(0))
      const altered = Buffer.concat([bytes.subarray(0, -2), varint(value), Buffer.from([0])])
      expect(codeOf(() => codecs.EdgeOutcome.decode(altered))).toBe('invalid_bytes')
    },
  )

  test('any 64-bit number is read as itself or not at all', () => {
    const start = codecs.EdgeOutcome.encode(outcome(0)).subarray(0, -2)
    fc.assert(
      fc.property(fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n), fc.integer({ min: 0, max: 62 }), (value, shift) => {
        const number = value >> BigInt(shift)
        const bytes = Buffer.concat([start, varint(number), Buffer.from([0])])
        const isInside = number >= BigInt(LONG_MIN) && number <= BigInt(LONG_MAX)
        if (isInside) expect(BigInt(codecs.EdgeOutcome.decode(bytes).quantity)).toBe(number)
        else expect(codeOf(() => codecs.EdgeOutcome.decode(bytes))).toBe('invalid_bytes')
      }),
    )
  })
})

describe('money', () => {
  const entry = (amount: bigint) => ({ ...exampleRecords('LedgerEntry')[0], amount })
  const MONEY_BYTES: [bigint, string][] = [
    [0n, '00'],
    [1n, '01'],
    [-1n, 'ff'],
    [127n, '7f'],
    [128n, '0080'],
    [-128n, '80'],
    [-129n, 'ff7f'],
    [255n, '00ff'],
    [-256n, 'ff00'],
    [32768n, '008000'],
    [MONEY_MAX, '4b3b4ca85a86c47a098a223fffffffff'],
    [-MONEY_MAX, 'b4c4b357a5793b85f675ddc000000001'],
  ]

  test.each(MONEY_BYTES)('%d is written in as few bytes as hold it', (amount, hex) => {
    const bytes = codecs.LedgerEntry.encode(entry(amount))
    expect(bytes.toString('hex')).toContain(hex.length.toString(16).padStart(2, '0') + hex)
    expect(codecs.LedgerEntry.decode(bytes).amount).toBe(amount)
  })

  test.each([MONEY_MAX + 1n, -MONEY_MAX - 1n, 2n ** 200n])('%d has more than 38 digits and is not written', (amount) => {
    expect(codeOf(() => codecs.LedgerEntry.encode(entry(amount)))).toBe('invalid_value')
  })

  test.each([
    ['no bytes', ''],
    ['17 bytes', '00'.repeat(17)],
    ['39 digits', `7f${'ff'.repeat(15)}`],
  ])('%s are not read', (_, hex) => {
    const bytes = codecs.LedgerEntry.encode(entry(1n)).toString('hex')
    const body = Buffer.from(hex, 'hex')
    const altered = bytes.replace('020106455552', varint(BigInt(body.length)).toString('hex') + hex + '06455552')
    expect(altered).not.toBe(bytes)
    expect(codeOf(() => codecs.LedgerEntry.decode(Buffer.from(altered, 'hex')))).toBe('invalid_bytes')
  })

  test('a number or a text is not money', () => {
    for (const amount of [1, '1', null, true]) expect(codeOf(() => codecs.LedgerEntry.encode(entry(amount as never)))).toBe('invalid_value')
  })
})

describe('hostile bodies', () => {
  const click = codecs.Click.encode(exampleRecords('Click')[0])
  const verdict = codecs.Verdict.encode(exampleRecords('Verdict')[1])
  const withoutReasons = verdict.subarray(0, -4)

  test.each([2n ** 20n, 2n ** 31n, 2n ** 40n, 2n ** 53n, 2n ** 62n, -1n, -(2n ** 40n)])(
    'a string of %d bytes is refused before anything is allocated',
    (length) => {
      expect(['too_short', 'invalid_bytes']).toContain(
        codeOf(() => codecs.Click.decode(Buffer.concat([click.subarray(0, 5), varint(length), click.subarray(5)]))),
      )
    },
  )

  test.each([2n ** 20n, 2n ** 31n, 2n ** 40n, 2n ** 62n, -(2n ** 20n), -(2n ** 40n)])(
    'an array of %d items is refused before anything is allocated',
    (count) => {
      expect(verdict.subarray(-4).toString('hex')).toBe('00046331')
      const body = Buffer.concat([withoutReasons, varint(count), Buffer.alloc(200)])
      expect(['too_short', 'invalid_bytes']).toContain(codeOf(() => codecs.Verdict.decode(body)))
    },
  )

  test('a number that never ends is refused', () => {
    expect(codeOf(() => codecs.Click.decode(Buffer.concat([click.subarray(0, 5), Buffer.alloc(1000, 0x80)])))).toBe('invalid_bytes')
  })

  test('a text that is not UTF-8 is refused', () => {
    const altered = Buffer.from(click)
    altered[6] = 0xff
    expect(codeOf(() => codecs.Click.decode(altered))).toBe('invalid_bytes')
  })

  test('a block that tells its size is read, and refused when the size is a lie', () => {
    const reason = codecs.Reason.encode(exampleRecords('Reason')[0]).subarray(5)
    const end = Buffer.concat([varint(0n), verdict.subarray(-3)])
    const told = (size: number) => Buffer.concat([withoutReasons, varint(-1n), varint(BigInt(size)), reason, end])
    expect(codecs.Verdict.decode(told(reason.length)).reasons).toEqual([exampleRecords('Reason')[0]])
    expect(codeOf(() => codecs.Verdict.decode(told(reason.length + 1)))).toBe('invalid_bytes')
  })
})

describe('values', () => {
  const [click] = exampleRecords('Click')
  const [event] = exampleRecords('PlayerEvent')
  const [verdict] = exampleRecords('Verdict')

  test.each<[string, () => Buffer]>([
    ['an enum member that does not exist', () => codecs.Click.encode({ ...click, ip_class: 'cable' as never })],
    ['a closed text with another value', () => codecs.PlayerEvent.encode({ ...event, event_type: 'refund' as never })],
    ['an int with a fraction', () => codecs.Click.encode({ ...click, asn: 1.5 })],
    ['an int above 31 bits', () => codecs.Click.encode({ ...click, asn: 2 ** 31 })],
    ['a double that is no number', () => codecs.Verdict.encode({ ...verdict, completeness: Number.NaN })],
    ['an infinite double', () => codecs.Verdict.encode({ ...verdict, completeness: Infinity })],
    ['half a surrogate pair', () => codecs.Click.encode({ ...click, link_id: 'a\ud800' })],
    ['half a surrogate pair in a name', () => codecs.Click.encode({ ...click, sub_ids: { '\udc00': 'x' } })],
    ['a map value that is no text', () => codecs.Click.encode({ ...click, sub_ids: { a: 1 as never } })],
    ['a null where a text is needed', () => codecs.Click.encode({ ...click, link_id: null as never })],
    ['a missing field', () => codecs.Click.encode({ ...click, link_id: undefined as never })],
  ])('%s is refused', (_, encode) => {
    expect(codeOf(encode)).toBe('invalid_value')
  })

  test('an error names the place and not the value', () => {
    const bad = { ...exampleRecords('AttributedEvent')[0], click: { ...click, asn: 'secret' as never } }
    expect(() => codecs.AttributedEvent.encode(bad)).toThrow(/AttributedEvent\.click.* that the schema does not allow$/)
    expect(() => codecs.AttributedEvent.encode(bad)).not.toThrow(/secret/)
  })

  test('a closed text with another value is not read', () => {
    const bytes = codecs.PlayerEvent.encode(event).toString('latin1').replace('deposit', 'diposit')
    expect(codeOf(() => codecs.PlayerEvent.decode(Buffer.from(bytes, 'latin1')))).toBe('invalid_bytes')
  })

  test('a record up to the largest message is written, a larger one is not', () => {
    const long = (length: number) => codecs.Reason.encode({ ...exampleRecords('Reason')[1], text: 'x'.repeat(length) })
    const overhead = long(RECORD_BYTES_MAX - 100).length - (RECORD_BYTES_MAX - 100)
    expect(codecs.Reason.decode(long(RECORD_BYTES_MAX - overhead)).text).toHaveLength(RECORD_BYTES_MAX - overhead)
    expect(codeOf(() => long(RECORD_BYTES_MAX - overhead + 1))).toBe('too_long')
    expect(codeOf(() => long(100 * RECORD_BYTES_MAX))).toBe('too_long')
    expect(long(10)).toHaveLength(5 + 12 + 1 + 1 + 1 + 1 + 1 + 1 + 11)
  })

  test('the bytes of one record stay as they are when others are written', () => {
    const bytes = codecs.Click.encode(click)
    const copy = Buffer.from(bytes)
    for (const name of names) codecOf(name).encode(exampleRecords(name)[0])
    expect(bytes).toEqual(copy)
  })
})
