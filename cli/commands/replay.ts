import { createNames } from '../../runtime/names.ts'
import { createProducer } from '../../runtime/producer.ts'
import { createLogReader } from '../../runtime/read-range.ts'
import { topics } from '../../schemas/topics.ts'
import type { Command } from '../command.ts'
import { readAddresses, requireAddresses } from '../pipeline/addresses.ts'
import { createKafkaAdmin, placeName } from '../pipeline/kafka-admin.ts'
import { refusePolitely } from '../pipeline/refuse.ts'
import { planReplay, type ReplayItem, wordsOfItem } from '../pipeline/replay-plan.ts'

const REASON = /^[a-z0-9_-]{1,64}$/
const SEND_AT_ONCE_MAX = 500

export const command: Command = {
  name: 'replay',
  summary: 'send dead letters again, after their cause is gone',
  usage: 'replay --reason CODE [--dry-run]',
  examples: ['replay --reason undecodable --dry-run', 'replay --reason undecodable'],
  options: { reason: { type: 'string' }, 'dry-run': { type: 'boolean' } },
  async run({ values, positionals, json, out, err, config }) {
    const reason = typeof values.reason === 'string' ? values.reason : ''
    const dryRun = values['dry-run'] === true
    if (!REASON.test(reason) || positionals.length > 0) {
      err(
        `replay wants --reason CODE, such as --reason undecodable${reason === '' ? '' : `; it got "${reason}"`}${positionals.length > 0 ? `, and no argument like "${positionals[0]}"` : ''}\n`,
      )
      return 2
    }
    return refusePolitely(err, async () => {
      const { kafkaBrokers } = requireAddresses(await readAddresses(config), config.dataDir, 'kafkaBrokers')
      const names = createNames(config.namespace)
      const letters = await readDeadLetters(kafkaBrokers, names.topic('dead-letters'))
      const plan = planReplay(letters, reason, { inputs: [names.topic('player-events'), names.topic('clicks')] })
      if (!dryRun) await send(kafkaBrokers, plan.items)
      const sent = plan.items.filter((item) => item.action === 'send').length
      if (json) {
        const items = plan.items.map(({ record: _record, ...item }) => item)
        out(
          `${JSON.stringify({ reason, dry_run: dryRun, sent: dryRun ? 0 : sent, refused: plan.items.length - sent, items, known_reasons: plan.knownReasons })}\n`,
        )
      } else out(reportOf(plan.items, sent, { reason, dryRun, knownReasons: plan.knownReasons }))
      return 0
    })
  },
}

async function readDeadLetters(brokers: string, topic: string) {
  const admin = createKafkaAdmin(brokers)
  const reader = await createLogReader({ brokers, clientId: 'tributary-cli-replay' })
  try {
    const places = Array.from({ length: topics['dead-letters'].partitions }, (_, partition) => ({ topic, partition }))
    const [low, high] = [await admin.earliest(places), await admin.latest(places)]
    const letters = []
    for (const place of places) {
      const range = { ...place, from: low.get(placeName(place)) ?? 0, to: high.get(placeName(place)) ?? 0 }
      if (range.from >= range.to) continue
      for await (const records of reader.read(range)) letters.push(...records)
    }
    return letters
  } finally {
    await admin.close()
    await reader.close()
  }
}

async function send(brokers: string, items: ReplayItem[]): Promise<void> {
  const records = items.filter((item) => item.action === 'send').map((item) => item.record)
  const producer = createProducer({ brokers, clientId: 'tributary-cli-replay', lanes: 1 })
  try {
    for (let at = 0; at < records.length; at += SEND_AT_ONCE_MAX) await producer.append(records.slice(at, at + SEND_AT_ONCE_MAX))
  } finally {
    await producer.close()
  }
}

function reportOf(items: ReplayItem[], sent: number, how: { reason: string; dryRun: boolean; knownReasons: string[] }): string {
  if (items.length === 0) {
    const known = how.knownReasons.length === 0 ? 'There are no dead letters at all.' : `Reasons that occur: ${how.knownReasons.join(', ')}.`
    return `no dead letter has the reason ${how.reason}. ${known}\n`
  }
  const lines = items.map((item) => wordsOfItem(item, how.dryRun))
  const refused = items.length - sent
  return `${lines.join('\n')}\n${sent} ${how.dryRun ? 'would be sent again' : 'sent again'}${refused === 0 ? '' : `, ${refused} left as they are`}\n`
}
