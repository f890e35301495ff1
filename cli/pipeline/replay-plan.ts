import { createHash } from 'node:crypto'
import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import type { OutputRecord } from '../../runtime/producer.ts'

export type ReplayItem = {
  action: 'send' | 'refuse'
  /** Why it is refused; empty when it is sent. */
  why: string
  topic: string
  partition: number
  offset: number
  step: string
  at: string
  record: OutputRecord
}

/**
 * What a replay of one reason does with each dead letter. Only what came from outside may be sent again: a record that
 * a step wrote is written again by that step when its input comes again, and sent by hand it would break the order
 * that its readers check. Equal records are sent once, since several steps may have refused the same one, and since a
 * replay that failed leaves a second letter of it.
 */
export function planReplay(letters: KafkaRecord[], reason: string, options: { inputs: string[] }): { items: ReplayItem[]; knownReasons: string[] } {
  const knownReasons = [...new Set(letters.map((letter) => header(letter, 'dlq-reason')))].filter((known) => known !== '').sort()
  const seen = new Set<string>()
  const items = letters
    .filter((letter) => header(letter, 'dlq-reason') === reason)
    .map((letter): ReplayItem => {
      const item = itemFrom(letter)
      const why = whyNot(item, options.inputs, seen)
      seen.add(fingerprint(item.record))
      return { ...item, action: why === '' ? 'send' : 'refuse', why }
    })
  return { items, knownReasons }
}

function itemFrom(letter: KafkaRecord): ReplayItem {
  const topic = header(letter, 'dlq-topic')
  const partition = Number(header(letter, 'dlq-partition') || NaN)
  return {
    action: 'send',
    why: '',
    topic,
    partition,
    offset: Number(header(letter, 'dlq-offset') || NaN),
    step: header(letter, 'dlq-step'),
    at: header(letter, 'dlq-at'),
    record: { topic, partition, key: letter.key, value: letter.value ?? Buffer.alloc(0) },
  }
}

function whyNot(item: ReplayItem, inputs: string[], seen: Set<string>): string {
  if (item.topic === '' || !Number.isInteger(item.partition) || !Number.isInteger(item.offset)) return 'its headers do not tell where it came from'
  if (!inputs.includes(item.topic)) return `${item.topic} is written by a step, which writes it again by itself; only ${inputs.join(' and ')} can be sent again`
  return seen.has(fingerprint(item.record)) ? 'the same record is sent already' : ''
}

function fingerprint({ topic, key, value }: OutputRecord): string {
  return createHash('sha256')
    .update(`${topic}\n`)
    .update(key ?? '')
    .update('\n')
    .update(value)
    .digest('hex')
}

function header(letter: KafkaRecord, name: string): string {
  return letter.headers[name]?.toString('utf8') ?? ''
}

export function wordsOfItem(item: ReplayItem, dryRun: boolean): string {
  const action = item.action === 'refuse' ? 'left     ' : dryRun ? 'would send' : 'sent      '
  const from = `${item.topic}/${item.partition} offset ${item.offset}, refused by ${item.step} at ${item.at}`
  return `${action.padEnd(10)} ${from}${item.why === '' ? '' : `: ${item.why}`}`
}
