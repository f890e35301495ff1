import { expect, it } from 'vitest'
import { isLocalHost, isLoopback, isSameToken } from './access.ts'

it.each([
  ['127.0.0.1', true],
  ['127.9.9.9', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['10.0.0.1', false],
  ['::ffff:10.0.0.1', false],
  ['128.0.0.1', false],
  ['', false],
  ['localhost', false],
])('whether %s is this machine: %s', (address, expected) => {
  expect(isLoopback(address)).toBe(expected)
})

it.each([
  ['127.0.0.1:8081', true],
  ['localhost:8081', true],
  ['[::1]:8081', true],
  ['app.localhost', true],
  [undefined, true],
  ['evil.example:8081', false],
  ['127.0.0.1.evil.example', false],
])('whether %s names this machine: %s', (host, expected) => {
  expect(isLocalHost(host)).toBe(expected)
})

it('a token is the same or it is not, whatever its length', () => {
  expect(isSameToken('secret-token', 'secret-token')).toBe(true)
  expect(isSameToken('secret-toke', 'secret-token')).toBe(false)
  expect(isSameToken('', 'secret-token')).toBe(false)
})
