import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { allowedTarget, withParameter } from './link-target.ts'

const HOSTS = ['promo.lucky.example', 'Shop.Lucky.Example']

describe('a wanted address', () => {
  test.each([
    ['https://promo.lucky.example', 'https://promo.lucky.example/'],
    ['https://PROMO.Lucky.example/A?b=C#d', 'https://promo.lucky.example/A?b=C#d'],
    ['HTTPS://shop.lucky.example/x', 'https://shop.lucky.example/x'],
    ['https://promo.lucky.example?x=1', 'https://promo.lucky.example/?x=1'],
    ['https://promo.lucky.example#x', 'https://promo.lucky.example/#x'],
    ['https://promo.lucky.example/@evil.example', 'https://promo.lucky.example/@evil.example'],
    ['https://promo.lucky.example/a b', 'https://promo.lucky.example/a%20b'],
    ['https://promo.lucky.example/ü', 'https://promo.lucky.example/%C3%BC'],
  ])('%s is allowed', (wanted, target) => {
    expect(allowedTarget(wanted, HOSTS)).toBe(target)
  })

  test.each([
    'http://promo.lucky.example/',
    '//promo.lucky.example/',
    'promo.lucky.example',
    '/path',
    '',
    'javascript:alert(1)',
    'data:text/html,x',
    'https:promo.lucky.example',
    'https:/promo.lucky.example',
    'https:///promo.lucky.example',
    'https:////promo.lucky.example',
    'https://',
    'https://evil.example/',
    'https://evil.example/https://promo.lucky.example',
    'https://evil.example#promo.lucky.example',
    'https://evil.example?promo.lucky.example',
    'https://promo.lucky.example.evil.example/',
    'https://evilpromo.lucky.example/',
    'https://x.promo.lucky.example/',
    'https://lucky.example/',
    'https://promo.lucky.example@evil.example/',
    'https://user@promo.lucky.example/',
    'https://user:pass@promo.lucky.example/',
    'https://@promo.lucky.example/',
    'https://:@promo.lucky.example/',
    'https://promo.lucky.example:443/',
    'https://promo.lucky.example:8443/',
    'https://promo.lucky.example:/',
    'https://promo.lucky.example./',
    'https://promo.lucky.example\\@evil.example/',
    'https://evil.example\\.promo.lucky.example/',
    'https:\\\\promo.lucky.example/',
    'https://promo.lucky.example/\\evil.example',
    ' https://promo.lucky.example/',
    '\thttps://promo.lucky.example/',
    'https://promo.lucky.example/\r\nSet-Cookie: a=b',
    'ht\ntps://promo.lucky.example/',
    'https://promo.lucky\t.example/',
    'https://promo.lucky.example\u0000.evil.example/',
    'https://promo.lucky.example/\u0085',
    'https://promo.lucky.example/\u007f',
    'https://promo%2elucky.example/',
    'https://promo.lucky.example%00.evil.example/',
    'https://promo.lucky.example%2f@evil.example/',
    'https://promo。lucky。example/',
    'https://ｐromo.lucky.example/',
    'https://promo.lucky.exam\u00adple/',
    'https://[::1]/',
    'https://127.0.0.1/',
    'https://promo.lucky.example,evil.example/',
    'https://promo.lucky.example;evil.example/',
    'https://promo.lucky.example&evil.example/',
    'view-source:https://promo.lucky.example/',
    'blob:https://promo.lucky.example/',
  ])('%j is not', (wanted) => {
    expect(allowedTarget(wanted, HOSTS)).toBeNull()
  })

  test('that is allowed always leads to an allowed host, whatever is put into it', () => {
    const part = fc.oneof(
      fc.constantFrom('https://', 'promo.lucky.example', 'evil.example', '@', ':', '/', '\\', '?', '#', '.', '%', '&', '\t', ' '),
      fc.string({ maxLength: 3 }),
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 7 }), (parts) => {
        const target = allowedTarget(`https://promo.lucky.example${parts.join('')}`, HOSTS) ?? allowedTarget(parts.join(''), HOSTS)
        if (target === null) return
        const parsed = new URL(target)
        expect([parsed.protocol, parsed.host, parsed.username, parsed.password]).toEqual(['https:', parsed.host, '', ''])
        expect(['promo.lucky.example', 'shop.lucky.example']).toContain(parsed.host)
        expect(target).toMatch(/^[\x21-\x7e]+$/)
      }),
      { numRuns: 3_000 },
    )
  })
})

describe('the click id in an address', () => {
  test.each([
    ['https://a.example', 'https://a.example?cid=1'],
    ['https://a.example/', 'https://a.example/?cid=1'],
    ['https://a.example/x?', 'https://a.example/x?cid=1'],
    ['https://a.example/x?b=2', 'https://a.example/x?b=2&cid=1'],
    ['https://a.example/x?b=2&', 'https://a.example/x?b=2&cid=1'],
    ['https://a.example/x#f', 'https://a.example/x?cid=1#f'],
    ['https://a.example/x?b=2#f?g', 'https://a.example/x?b=2&cid=1#f?g'],
    ['https://a.example/x?cid=forged&b=2', 'https://a.example/x?b=2&cid=1'],
    ['https://a.example/x?%63id=forged', 'https://a.example/x?cid=1'],
    ['https://a.example/x?b=%2F?c', 'https://a.example/x?b=%2F?c&cid=1'],
  ])('%s', (address, result) => {
    expect(withParameter(address, 'cid', '1')).toBe(result)
  })
})
