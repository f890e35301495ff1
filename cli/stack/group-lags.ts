import { createNames } from '../../runtime/names.ts'
import { type TopicName, topics } from '../../schemas/topics.ts'
import { createKafkaAdmin, placeName } from '../pipeline/kafka-admin.ts'
import { groupTopics } from '../pipeline/open-work.ts'

/** Records that each group has still to read, by the name of its process: groups `fraud` and `fraud-clicks` are one. */
export async function groupLags(brokers: string, namespace: string): Promise<Record<string, number>> {
  const names = createNames(namespace)
  const admin = createKafkaAdmin(brokers)
  try {
    const placesOf = (read: readonly TopicName[]) =>
      read.flatMap((name) => Array.from({ length: topics[name].partitions }, (_, partition) => ({ topic: names.topic(name), partition })))
    const all = placesOf([...new Set(Object.values(groupTopics).flat())])
    // In this order: with a broker that is away, the question for the commits can take the process down, and the others only fail.
    const latest = await admin.latest(all)
    const earliest = await admin.earliest(all)
    const groups = await Promise.all(
      Object.entries(groupTopics).map(async ([group, read]) => ({ group, read, committed: await admin.committed(names.group(group)) })),
    )
    const lags: Record<string, number> = {}
    for (const { group, read, committed } of groups) {
      const part = group.split('-')[0] ?? group
      const behind = placesOf(read)
        .map(placeName)
        .map((place) => Math.max(0, (latest.get(place) ?? 0) - (committed.get(place) ?? earliest.get(place) ?? 0)))
      lags[part] = (lags[part] ?? 0) + behind.reduce((sum, records) => sum + records, 0)
    }
    return lags
  } finally {
    await admin.close()
  }
}
