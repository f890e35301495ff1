import { describe, expect, it } from 'vitest'
import { configsFromResponse, describeConfigsRequest } from './topic-configs.ts'

const text = (value: string) => Buffer.concat([Buffer.from([0, value.length]), Buffer.from(value)])
const answer = (code: number) =>
  Buffer.concat([
    Buffer.from([0, 0, 0, 1, 0, 0, 0, 0]),
    Buffer.from([0, 0, 0, 1]),
    Buffer.from([0, code, 0xff, 0xff, 2]),
    text('ledger'),
    Buffer.from([0, 0, 0, 1]),
    text('min.insync.replicas'),
    text('2'),
    Buffer.from([0, 5, 0]),
    Buffer.from([0, 0, 0, 0]),
  ])

describe('the settings of topics, asked of the broker', () => {
  it('the request carries its length and names topic and setting', () => {
    const request = describeConfigsRequest(['ledger'], 'min.insync.replicas')
    expect(request.readInt32BE(0)).toBe(request.length - 4)
    expect(request.readInt16BE(4)).toBe(32)
    expect(request.toString('latin1')).toContain('ledger')
  })

  it('the answer gives the value by topic', () => {
    expect(configsFromResponse(answer(0))).toEqual(new Map([['ledger', '2']]))
  })

  it('an error of the broker is thrown with the topic', () => {
    expect(() => configsFromResponse(answer(29))).toThrow('the topic ledger cannot be read: error 29')
  })
})
