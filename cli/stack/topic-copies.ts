import kafka from '@confluentinc/kafka-javascript'

export type TopicCopies =
  | { topic: string; partitions: number /** Of the partition with the fewest. */; replicas: number; inSync: number }
  | { topic: string; missing: true }

const TIMEOUT_MS = 15_000

/** How many copies the topics have, and how many of these are up to date. */
export function topicCopies(brokers: string, topics: readonly string[]): Promise<TopicCopies[]> {
  const admin = kafka.AdminClient.create({ 'metadata.broker.list': brokers, 'client.id': 'tributary-doctor', log_level: 0 } as kafka.GlobalConfig)
  return new Promise<TopicCopies[]>((resolve, reject) => {
    admin.describeTopics([...topics], { timeout: TIMEOUT_MS }, (error, found) => {
      if (error) reject(new Error(`Kafka does not tell about its topics: ${error.message}`, { cause: error }))
      else resolve(found.map(copiesOf))
    })
  }).finally(() => admin.disconnect())
}

function copiesOf({ name, partitions, error }: kafka.TopicDescription): TopicCopies {
  if (error !== undefined || partitions.length === 0) return { topic: name, missing: true }
  const fewest = (counts: number[]) => Math.min(...counts)
  return {
    topic: name,
    partitions: partitions.length,
    replicas: fewest(partitions.map(({ replicas }) => replicas.length)),
    inSync: fewest(partitions.map(({ isr }) => isr.length)),
  }
}
