import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonical, clientAddress, proxyTestFrom } from './client-address.ts'

const isProxy = proxyTestFrom(['10.0.0.0/8', '2001:db8:ffff::/48', '127.0.0.1/32'])

describe('the address of a client', () => {
  test.each([
    ['the peer, when nothing is trusted', '203.0.113.5', '198.51.100.1', '203.0.113.5'],
    ['the peer, without a header', '10.0.0.1', undefined, '10.0.0.1'],
    ['the last one before the proxies', '10.0.0.1', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
    ['found through several proxies', '10.0.0.1', '198.51.100.1, 10.2.3.4,10.9.9.9', '198.51.100.1'],
    ['an IPv4 address inside IPv6', '::ffff:10.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
    ['an IPv6 address', '127.0.0.1', '2001:DB8::1', '2001:db8::1'],
    ['without port and brackets', '127.0.0.1', '[2001:db8::1]:443', '2001:db8::1'],
    ['without port', '127.0.0.1', '198.51.100.1:5555', '198.51.100.1'],
    ['the proxy, before something that is no address', '10.0.0.1', '198.51.100.1, unknown', '10.0.0.1'],
    ['the outermost proxy, when all are proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
  ])('is %s', (_name, peer, header, expected) => {
    expect(clientAddress(peer, header, isProxy)).toBe(expected)
  })

  test('is always an address, whatever the header holds', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        expect(canonical(clientAddress('127.0.0.1', header, isProxy))).not.toBeNull()
      }),
    )
  })
})
