import { describe, expect, test } from 'vitest'
import { lenientParameters } from '../parse/parameters.ts'
import { redirectParameters } from './redirect-parameters.ts'

describe('the parameters of a click link', () => {
  test('are kept under their own names, without url and affiliate_click_id', () => {
    expect(redirectParameters(lenientParameters('sub1=a&url=https%3A%2F%2Fx&affiliate_click_id=z&gclid=b+c%21&empty='))).toEqual({
      url: 'https://x',
      affiliateClickId: 'z',
      subIds: { sub1: 'a', gclid: 'b c!', empty: '' },
    })
  })

  test('are at most 30 of 500 characters, and sub1 to sub10 go first', () => {
    const pairs = [...Array.from({ length: 40 }, (_, index): [string, string] => [`x${index}`, 'v'.repeat(600)]), ['sub10', 'late'] as [string, string]]
    const { subIds } = redirectParameters(pairs)
    expect(Object.keys(subIds)).toHaveLength(30)
    expect(subIds['sub10']).toBe('late')
    expect(subIds['x0']).toHaveLength(500)
    expect(subIds['x28']).toBeDefined()
    expect(subIds['x29']).toBeUndefined()
  })

  test('count a pair of surrogates as one character and never cut it', () => {
    const { subIds } = redirectParameters([['a', '😀'.repeat(501)]])
    expect(subIds['a']).toBe('😀'.repeat(500))
  })

  test('of a name given twice have the first value', () => {
    expect(
      redirectParameters([
        ['a', '1'],
        ['a', '2'],
      ]).subIds,
    ).toEqual({ a: '1' })
  })

  test('that are broken are read as well as they can be', () => {
    expect(lenientParameters('a=%zz&%=%ff&&=x&b')).toEqual([
      ['a', '%zz'],
      ['%', '\ufffd'],
      ['', 'x'],
      ['b', ''],
    ])
  })
})
