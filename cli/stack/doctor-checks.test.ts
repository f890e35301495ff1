import { describe, expect, it } from 'vitest'
import { checkCopies, checkTopics, redisFinding } from './doctor-checks.ts'

const copies = [{ topic: 'ledger', partitions: 12, replicas: 3, inSync: 3 }]

describe('the doctor', () => {
  it('fails below three copies or two in sync', () => {
    expect(checkCopies(copies, new Map([['ledger', '2']])).state).toBe('ok')
    expect(checkCopies(copies, new Map([['ledger', '1']])).state).toBe('failed')
    expect(checkCopies([{ topic: 'ledger', partitions: 12, replicas: 2, inSync: 2 }], new Map([['ledger', '2']])).state).toBe('failed')
    expect(checkCopies(copies, new Map()).state).toBe('failed')
  })

  it('names a topic that is missing or has another number of partitions', () => {
    expect(checkTopics(copies, new Map([['ledger', 12]])).state).toBe('ok')
    expect(checkTopics(copies, new Map([['ledger', 6]])).detail).toBe('ledger has 12 partitions instead of 6')
    expect(checkTopics([{ topic: 'clicks', missing: true }], new Map()).detail).toBe('clicks is missing')
  })

  it('fails when Redis may forget', () => {
    expect(redisFinding('redis_version:7.0.15\r\nmaxmemory_policy:noeviction\r\naof_enabled:1\r\n')).toMatchObject({
      state: 'ok',
      detail: 'Redis 7.0.15, noeviction, append-only file on',
    })
    expect(redisFinding('maxmemory_policy:allkeys-lru\r\n').state).toBe('failed')
  })
})
