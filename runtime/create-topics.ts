import kafka from '@confluentinc/kafka-javascript'

export type TopicSpec = { name: string; partitions: number; config: Record<string, string> }

const TIMEOUT_MS = 30_000
const ALREADY_EXISTS = 36

/** Creates what is missing and leaves what exists as it is. Answers the names that were created. */
export async function createTopics(options: {
  brokers: string
  topics: TopicSpec[]
  replication: number
  client?: Record<string, unknown>
}): Promise<string[]> {
  const admin = kafka.AdminClient.create({ 'metadata.broker.list': options.brokers, 'client.id': 'tributary-admin', ...options.client } as kafka.GlobalConfig)
  try {
    const created = await Promise.all(options.topics.map((topic) => createTopic(admin, topic, options.replication)))
    return options.topics.filter((_, i) => created[i]).map((topic) => topic.name)
  } finally {
    admin.disconnect()
  }
}

function createTopic(admin: kafka.IAdminClient, topic: TopicSpec, replication: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    admin.createTopic(
      { topic: topic.name, num_partitions: topic.partitions, replication_factor: replication, config: topic.config } as kafka.NewTopic,
      TIMEOUT_MS,
      (error) => {
        if (!error) resolve(true)
        else if (error.code === ALREADY_EXISTS) resolve(false)
        else reject(new Error(`the topic ${topic.name} cannot be created`, { cause: error }))
      },
    )
  })
}
