import { processIdentity } from '../bootstrap/process-identity.mjs'
import { answersHttp, answersRedis, answersTcp } from './answers.ts'
import type { StackFile } from './stack-file.ts'

export type PartHealth = { part: string; healthy: boolean; pid: number | null; since: string | null; address: string | null }

const REDIS_PORT_DEFAULT = 6379
const KAFKA_PORT_DEFAULT = 9092

/** Every part as it answers at this moment; a processor without an address is healthy when its process lives. */
export function healthOf(file: StackFile): Promise<PartHealth[]> {
  const address: Record<string, { text: string; answers(): Promise<boolean> }> = {
    kafka: { text: file.kafka_brokers, answers: () => answersKafka(file.kafka_brokers) },
    redis: { text: file.redis_url, answers: () => answersRedisUrl(file.redis_url) },
    clickhouse: { text: file.clickhouse_url, answers: () => answersHttp(`${file.clickhouse_url}/ping`) },
    ingest: { text: file.ingest_url, answers: () => answersHttp(`${file.ingest_url}/readyz`) },
    console: { text: file.console_url, answers: () => answersHttp(`${file.console_url}/readyz`) },
  }
  const names = [...new Set([...Object.keys(address), ...Object.keys(file.pids)])]
  return Promise.all(
    names.map(async (part) => {
      const pid = file.pids[part] ?? null
      const lives = pid === null || processIdentity(pid) !== null
      const answers = (await address[part]?.answers()) ?? true
      return { part, healthy: lives && answers, pid, since: file.started_at[part] ?? null, address: address[part]?.text ?? null }
    }),
  )
}

async function answersKafka(brokers: string): Promise<boolean> {
  const answers = await Promise.all(brokers.split(',').map((broker) => answersTcp(...hostAndPort(broker))))
  return answers.some((answer) => answer)
}

/** @returns port and host, in the order in which they are asked for */
export function hostAndPort(broker: string): [number, string] {
  const url = new URL(`kafka://${broker}`)
  return [Number(url.port || KAFKA_PORT_DEFAULT), url.hostname.replace(/^\[|\]$/g, '')]
}

function answersRedisUrl(url: string): Promise<boolean> {
  const { hostname, port, protocol, password } = new URL(url)
  const number = Number(port || REDIS_PORT_DEFAULT)
  // TLS or a password: that somebody listens is all that can be told without a client.
  if (protocol === 'rediss:' || password !== '') return answersTcp(number, hostname)
  return answersRedis(number, hostname)
}
