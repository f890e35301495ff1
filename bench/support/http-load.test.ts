import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { requestsFrom, runClosedLoop, runOpenLoop, statusOfWhole } from './http-load.ts'

const HEAD = 'GET /?n={n}&m={m} HTTP/1.1\r\nhost: x\r\n\r\n'

async function withServer<T>(use: (port: number, seen: string[]) => Promise<T>): Promise<T> {
  const seen: string[] = []
  const server = createServer((request, response) => {
    seen.push(request.url ?? '')
    response.writeHead(200, { 'content-length': '2' })
    response.write('o')
    setImmediate(() => response.end('k'))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    return await use((server.address() as AddressInfo).port, seen)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
}

it('an answer is whole when its body has arrived, in however many pieces', () => {
  const answer = Buffer.from('HTTP/1.1 302 Found\r\nContent-Length: 3\r\n\r\nabc')
  for (let length = 0; length < answer.length; length++) expect(statusOfWhole(answer.subarray(0, length))).toBeNull()
  expect(statusOfWhole(answer)).toBe('302')
  expect(() => statusOfWhole(Buffer.from('HTTP/1.1 200 OK\r\n\r\n'))).toThrow('without its length')
})

it('every request of a template is another one', () => {
  const requestOf = requestsFrom('a={n}&b={m}&c={ip}')
  expect(requestOf(5_001)).toMatch(/^a=5001&b=1&c=\d+\.\d+\.\d+\.\d+$/)
  expect(new Set(Array.from({ length: 1_000 }, (_, number) => requestOf(number))).size).toBe(1_000)
})

it('a closed loop counts what was answered, and nothing is sent twice', async () => {
  await withServer(async (port, seen) => {
    const answers = await runClosedLoop({ port, template: HEAD, connections: 3, durationMs: 150, firstNumber: 10 })
    expect(answers).toMatchObject({ sent: seen.length, answered: seen.length, byStatus: { 200: seen.length }, broken: 0, givenUp: 0 })
    expect(new Set(seen).size).toBe(seen.length)
    expect(seen.length).toBeGreaterThan(3)
  })
})

it('an open loop keeps to its rate', async () => {
  await withServer(async (port, seen) => {
    const answers = await runOpenLoop({ port, template: HEAD, connections: 4, durationMs: 500, firstNumber: 0, perSecond: 200 })
    expect(answers.sent + answers.givenUp).toBeGreaterThanOrEqual(80)
    expect(answers.sent).toBeLessThanOrEqual(100)
    expect(seen.length).toBe(answers.answered)
  })
})
