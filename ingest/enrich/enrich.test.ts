import { createSecretKey } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createNetworkLookup } from './network-lookup.ts'
import { asnOf, asnTableFromCsv } from './asn-table.ts'
import { ipClassOf } from './ip-class.ts'
import { addressTraces, deviceHash } from './private-hash.ts'
import { createDeviceReader } from './user-agent.ts'

const KEY = createSecretKey('00112233445566778899aabbccddeeff', 'hex')
const OTHER_KEY = createSecretKey('ffeeddccbbaa99887766554433221100', 'hex')

describe('what is kept of an address', () => {
  test.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:db8:0:2::1', '2001:db8::/48'],
    ['2001:DB8:ABCD:1::', '2001:db8:abcd::/48'],
  ])('of %s the network is %s', (ip, prefix) => {
    expect(addressTraces(KEY, ip).ipPrefix).toBe(prefix)
  })

  test('the hash is the same for every way to write an address, and another with another key', () => {
    const hash = addressTraces(KEY, '2001:db8::1').ipHash
    expect(hash).toMatch(/^[0-9a-f]{16}$/)
    expect(addressTraces(KEY, '2001:0DB8:0:0::0001').ipHash).toBe(hash)
    expect(addressTraces(KEY, '203.0.113.1').ipHash).toBe(addressTraces(KEY, '::ffff:203.0.113.1').ipHash)
    expect(addressTraces(OTHER_KEY, '2001:db8::1').ipHash).not.toBe(hash)
    expect(addressTraces(KEY, '2001:db8::2').ipHash).not.toBe(hash)
  })

  test('the traits of a device cannot be shifted between each other', () => {
    expect(deviceHash(KEY, ['ab', 'c'])).not.toBe(deviceHash(KEY, ['a', 'bc']))
  })
})

describe('the network of an address', () => {
  const lookup = createNetworkLookup()
  test.each([
    ['52.95.110.1', 16509, 'hosting', 'US'],
    ['8.8.8.8', 15169, 'hosting', 'US'],
    ['88.198.1.1', 24940, 'hosting', 'DE'],
    ['51.68.1.1', 16276, 'hosting', 'FR'],
    ['159.65.1.1', 14061, 'hosting', null],
    ['174.192.1.1', 22394, 'mobile', 'US'],
    ['172.56.1.1', 21928, 'mobile', 'US'],
    ['73.1.2.3', 7922, 'residential', 'US'],
    ['91.0.0.1', 3320, 'residential', 'DE'],
    ['18.9.22.69', 3, 'education', 'US'],
    ['128.12.0.1', 32, 'education', 'US'],
    ['129.67.1.1', 786, 'education', 'GB'],
    ['2a01:4f8::1', 24940, 'hosting', 'DE'],
    ['2001:4860:4860::8888', 15169, 'hosting', 'US'],
  ] as const)('%s belongs to AS%i, %s', (ip, asn, ipClass, country) => {
    const network = lookup(ip)
    expect([network.asn, network.ipClass]).toEqual([asn, ipClass])
    if (country !== null) expect(network.country).toBe(country)
  })

  test.each(['127.0.0.1', '10.1.2.3', '192.168.1.1', '::1', 'fd00::1'])('%s is nobody to the public', (ip) => {
    expect(lookup(ip)).toMatchObject({ asn: null, ipClass: 'unknown' })
  })

  test('is found at both ends of a range and not beside it', () => {
    const table = asnTableFromCsv('10,19,7,"A, B"\n20,29,8,C\n40,49,9,D\n', '')
    const at = (value: number) => asnOf(table, `0.0.0.${value}`)
    expect([9, 10, 19, 20, 29, 30, 40, 49, 50].map(at)).toEqual([null, 7, 7, 8, 8, null, 9, 9, null])
    expect(table.nameOf(7)).toBe('A, B')
  })

  test('has a class for whatever name', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 2 ** 32 - 1 }), fc.string(), (asn, name) => {
        expect(['residential', 'mobile', 'business', 'education', 'hosting', 'unknown']).toContain(ipClassOf(asn, name))
      }),
    )
    expect(ipClassOf(4_200_000_000, 'Universidad de Ejemplo')).toBe('education')
    expect(ipClassOf(4_200_000_000, 'Example Cloud Hosting Ltd')).toBe('hosting')
    expect(ipClassOf(4_200_000_000, 'Example Mobile Telecom')).toBe('mobile')
    expect(ipClassOf(4_200_000_000, 'Example Cable & Broadband')).toBe('residential')
    expect(ipClassOf(null, 'Example Cloud')).toBe('unknown')
  })
})

test('a user agent names browser, system and bots', () => {
  const deviceOf = createDeviceReader()
  const chrome = 'Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36'
  expect(deviceOf(chrome)).toEqual({ browser: 'Chrome', os: 'Windows', isBot: false })
  expect(deviceOf(chrome)).toBe(deviceOf(chrome))
  expect(deviceOf('Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)').isBot).toBe(true)
  expect(deviceOf('')).toEqual({ browser: null, os: null, isBot: false })
  for (let index = 0; index < 6_000; index++) deviceOf(`agent ${index}`)
  expect(deviceOf(chrome).browser).toBe('Chrome')
})
