import { createNames } from '../../runtime/names.ts'
import { topics } from '../../schemas/topics.ts'
import { createKafkaAdmin, placeName } from '../pipeline/kafka-admin.ts'
import { groupTopics } from '../pipeline/open-work.ts'

/** Records that each group has still to read, by the name of its process: groups `fraud` and `fraud-clicks` are one. */
export async function groupLags(brokers: string, namespace: string): Promise<Record<string, number>> {
  const names = createNames(namespace)
  const admin = createKafkaAdmin(brokers)
  try {
    const lags: Record<string, number> = {}
    for (const [group, read] of Object.entries(groupTopics)) {
      const places = read.flatMap((name) => Array.from({ length: topics[name].partitions }, (_, partition) => ({ topic: names.topic(name), partition })))
      // In this order: with a broker that is away, the question for the commits can take the process down, and the others only fail.
      const latest = await admin.latest(places)
      const earliest = await admin.earliest(places)
      const committed = await admin.committed(names.group(group))
      const part = group.split('-')[0] ?? group
      const behind = places.map(placeName).map((place) => (latest.get(place) ?? 0) - (committed.get(place) ?? earliest.get(place) ?? 0))
      lags[part] = (lags[part] ?? 0) + behind.reduce((sum, records) => sum + records, 0)
    }
    return lags
  } finally {
    await admin.close()
  }
}
