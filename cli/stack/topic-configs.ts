import { connect } from 'node:net'
import { hostAndPort } from './part-health.ts'

/**
 * One setting of several topics, asked of the broker itself: the client has no call for it. DescribeConfigs, version 1,
 * which every broker since 1.1 answers.
 */
export async function topicConfigs(broker: string, topics: readonly string[], setting: string): Promise<Map<string, string>> {
  return configsFromResponse(await ask(broker, describeConfigsRequest(topics, setting)))
}

const API_KEY = 32
const API_VERSION = 1
const CORRELATION_ID = 1
const RESOURCE_TOPIC = 2
const TIMEOUT_MS = 10_000
const RESPONSE_BYTES_MAX = 4 * 1024 * 1024

export function describeConfigsRequest(topics: readonly string[], setting: string): Buffer {
  const head = Buffer.alloc(8)
  head.writeInt16BE(API_KEY, 0)
  head.writeInt16BE(API_VERSION, 2)
  head.writeInt32BE(CORRELATION_ID, 4)
  const resources = topics.flatMap((topic) => [Buffer.from([RESOURCE_TOPIC]), text(topic), int32(1), text(setting)])
  const body = Buffer.concat([head, text('tributary-doctor'), int32(topics.length), ...resources, Buffer.from([0])])
  return Buffer.concat([int32(body.length), body])
}

/** @param bytes the response without its length */
export function configsFromResponse(bytes: Buffer): Map<string, string> {
  let at = 8
  const int16 = () => bytes.readInt16BE((at += 2) - 2)
  const count = () => bytes.readInt32BE((at += 4) - 4)
  const string = (): string | null => {
    const length = int16()
    if (length < 0) return null
    at += length
    return bytes.toString('utf8', at - length, at)
  }
  const found = new Map<string, string>()
  for (let resources = count(); resources > 0; resources--) {
    const code = int16()
    const reason = string()
    at += 1
    const topic = string() ?? ''
    if (code !== 0) throw new Error(`the settings of the topic ${topic} cannot be read: ${reason ?? `error ${code}`}`)
    for (let entries = count(); entries > 0; entries--) {
      string()
      const value = string()
      // read only, source, sensitive, and no synonyms, since none were asked for
      at += 3
      count()
      if (value !== null) found.set(topic, value)
    }
  }
  return found
}

function ask(broker: string, request: Buffer): Promise<Buffer> {
  const [port, host] = hostAndPort(broker)
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host }, () => socket.write(request))
    const fail = (reason: string) => {
      socket.destroy()
      reject(new Error(`${broker} ${reason}`))
    }
    let received: Buffer = Buffer.alloc(0)
    socket.setTimeout(TIMEOUT_MS, () => fail('does not answer'))
    socket.once('error', (error) => fail(error.message))
    socket.once('close', () => fail('closed the connection'))
    socket.on('data', (bytes: Buffer) => {
      received = Buffer.concat([received, bytes])
      if (received.length > RESPONSE_BYTES_MAX) return fail('answers with more than expected')
      if (received.length < 4 || received.length < 4 + received.readInt32BE(0)) return
      resolve(received.subarray(4, 4 + received.readInt32BE(0)))
      socket.destroy()
    })
  })
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8')
  const length = Buffer.alloc(2)
  length.writeInt16BE(bytes.length)
  return Buffer.concat([length, bytes])
}
