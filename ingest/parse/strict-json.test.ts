import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isJsonNumber, isJsonObject, type JsonValue, parseStrictJson } from './strict-json.ts'

describe('strict JSON', () => {
  test('reads whatever JSON.stringify writes', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), fc.constantFrom(0, 2), (value, indent) => {
        const text = JSON.stringify(value, null, indent)
        expect(plainOf(parseStrictJson(text)!)).toEqual(JSON.parse(text))
      }),
    )
  })

  test('takes exactly the texts that JSON.parse takes', () => {
    const pieces = fc.array(
      fc.constantFrom('{', '}', '[', ']', ',', ':', '"a"', '"', '\\', '\\u00e9', '1', '-', '.', 'e', '0', 'true', 'null', ' ', '\n', '\u0001', 'x'),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(pieces, (parts) => {
        const text = parts.join('')
        expect(parseStrictJson(text) !== undefined).toBe(isJson(text))
      }),
      { numRuns: 5_000 },
    )
  })

  test('sees a name that is given twice, also when one of them is escaped', () => {
    const value = parseStrictJson('{"a":1,"\\u0061":2,"b":3}')!
    expect(isJsonObject(value) && value.repeated).toEqual(['a'])
  })

  test('keeps the digits of a number', () => {
    expect(parseStrictJson('0.10000000000000000001')).toEqual({ kind: 'number', text: '0.10000000000000000001' })
  })

  test('treats __proto__ as a name like any other', () => {
    const value = parseStrictJson('{"__proto__":{"polluted":true}}')!
    expect(isJsonObject(value) && [...value.values.keys()]).toEqual(['__proto__'])
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined()
  })

  test('refuses what is nested too deep', () => {
    expect(parseStrictJson('['.repeat(100_000))).toBeUndefined()
    expect(parseStrictJson(`${'['.repeat(40)}${']'.repeat(40)}`)).toBeUndefined()
  })
})

function plainOf(value: JsonValue): unknown {
  if (Array.isArray(value)) return value.map(plainOf)
  if (isJsonNumber(value)) return Number(value.text)
  if (!isJsonObject(value)) return value
  const plain: Record<string, unknown> = {}
  for (const [name, inner] of value.values) Object.defineProperty(plain, name, { value: plainOf(inner), enumerable: true, configurable: true, writable: true })
  return plain
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch {
    return false
  }
}
