import { describe, expect, it } from 'vitest'
import { ConfigError, loadConfig, requireServices } from './config.ts'

describe('the environment', () => {
  it('has the documented defaults', () => {
    expect(loadConfig({})).toEqual({
      catalogDir: './catalog',
      dataDir: './.tributary',
      ingestPort: 8080,
      consolePort: 8081,
      clickKeys: null,
      ipKeys: null,
      consoleToken: null,
      trustedProxies: [],
      settleMs: 2_000,
      parkMs: 259_200_000,
      kafkaBrokers: null,
      redisUrl: null,
      clickhouseUrl: null,
      namespace: '',
      instance: null,
    })
  })
  it.each([
    ['TRIBUTARY_INGEST_PORT', '70000', 'port'],
    ['TRIBUTARY_INGEST_PORT', '08', 'port'],
    ['TRIBUTARY_CONSOLE_PORT', 'x', 'port'],
    ['TRIBUTARY_SETTLE_MS', '-1', 'milliseconds'],
    ['TRIBUTARY_PARK_MS', '1.5', 'milliseconds'],
    ['TRIBUTARY_CLICK_KEYS', '16:00112233445566778899aabbccddeeff', 'kid'],
    ['TRIBUTARY_CLICK_KEYS', '1:00112233445566778899aabbccddeeff,1:00112233445566778899aabbccddeeff', 'kid'],
    ['TRIBUTARY_IP_KEYS', 'zz', 'hex'],
    ['TRIBUTARY_TRUSTED_PROXIES', '10.0.0.0/33', 'cidr'],
    ['TRIBUTARY_TRUSTED_PROXIES', '10.0.0.1', 'cidr'],
    ['KAFKA_BROKERS', 'localhost', 'host:port'],
    ['REDIS_URL', 'http://x:1', 'redis://'],
    ['CLICKHOUSE_URL', 'localhost:8123', 'http://'],
    ['TRIBUTARY_NAMESPACE', 'A', 'a-z'],
  ])('refuses %s=%s by name, with what it accepts', (name, value, accepts) => {
    expect(() => loadConfig({ [name]: value })).toThrow(ConfigError)
    expect(() => loadConfig({ [name]: value })).toThrow(new RegExp(`${name}.*${accepts.replace('/', '.')}`))
  })
  it('never repeats a secret in its complaint', () => {
    expect(() => loadConfig({ TRIBUTARY_IP_KEYS: 'hunter2' })).toThrow(/^(?!.*hunter2)/)
  })
  it('names the address that a process lacks', () => {
    expect(() => requireServices(loadConfig({ KAFKA_BROKERS: 'a:1' }))).toThrow('REDIS_URL')
  })
})
