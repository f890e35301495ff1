import { createNames } from '../../runtime/names.ts'
import { createLogReader } from '../../runtime/read-range.ts'
import { codecs } from '../../schemas/codec.ts'
import { type TopicName, topics } from '../../schemas/topics.ts'

/** What lies in the log, counted from its bytes: the other side of every equation about the views. */
export type LogContents = {
  /** Records of player-events without ticks, repeated ones included. */
  events: number
  ticks: number
  receiptIds: Set<string>
  clicks: number
  clickIds: Set<string>
  ledgerEntryIds: Set<string>
}

/** Reads three topics from end to end; ids of a run of this size fit into memory. */
export async function readLog(brokers: string): Promise<LogContents> {
  const contents: LogContents = { events: 0, ticks: 0, receiptIds: new Set(), clicks: 0, clickIds: new Set(), ledgerEntryIds: new Set() }
  await eachValue(brokers, 'player-events', (value) => {
    const event = codecs.PlayerEvent.decode(value)
    if (event.event_type === 'tick') {
      contents.ticks += 1
      return
    }
    contents.events += 1
    contents.receiptIds.add(event.receipt_id)
  })
  await eachValue(brokers, 'clicks', (value) => {
    contents.clicks += 1
    contents.clickIds.add(codecs.Click.decode(value).click_id)
  })
  await eachValue(brokers, 'ledger', (value) => void contents.ledgerEntryIds.add(codecs.LedgerEntry.decode(value).entry_id))
  return contents
}

async function eachValue(brokers: string, name: TopicName, use: (value: Buffer) => void): Promise<void> {
  const topic = createNames('').topic(topics[name].name)
  const reader = await createLogReader({ brokers, clientId: `bench-${name}` })
  try {
    for (let partition = 0; partition < topics[name].partitions; partition++) {
      const { low, high } = await reader.watermarks(topic, partition)
      for await (const records of reader.read({ topic, partition, from: low, to: high })) for (const { value } of records) if (value !== null) use(value)
    }
  } finally {
    await reader.close()
  }
}
