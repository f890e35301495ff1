import { createServer } from 'node:net'
import { GenericContainer, type StartedTestContainer, Wait } from 'testcontainers'
import type { TestServices } from './services.ts'

const KAFKA_IMAGE = 'apache/kafka:4.1.0'
const REDIS_IMAGE = 'redis:7-alpine'
const CLICKHOUSE_IMAGE = 'clickhouse/clickhouse-server:25.8-alpine'
const START_MS = 180_000
const KAFKA_PORT = 9092
const REDIS_PORT = 6379
const CLICKHOUSE_PORT = 8123

/** The same three services from their images, where a Docker engine answers. */
export async function startContainers(): Promise<{ services: TestServices; stop(): Promise<void> }> {
  const [kafka, redis, clickhouse] = await Promise.all([startKafka(), startRedis(), startClickHouse()])
  return {
    services: {
      kafkaBrokers: addressOf(kafka, KAFKA_PORT),
      redisUrl: `redis://${addressOf(redis, REDIS_PORT)}`,
      clickhouseUrl: `http://${addressOf(clickhouse, CLICKHOUSE_PORT)}`,
    },
    stop: async () => void (await Promise.all([kafka, redis, clickhouse].map((container) => container.stop()))),
  }
}

/** A broker tells its clients where it is, so the port outside must be known before the start. */
async function startKafka(): Promise<StartedTestContainer> {
  const port = await freePort()
  return await new GenericContainer(KAFKA_IMAGE)
    .withExposedPorts({ container: KAFKA_PORT, host: port })
    .withEnvironment({
      KAFKA_NODE_ID: '1',
      KAFKA_PROCESS_ROLES: 'broker,controller',
      KAFKA_LISTENERS: `PLAINTEXT://:${KAFKA_PORT},CONTROLLER://:9093`,
      KAFKA_ADVERTISED_LISTENERS: `PLAINTEXT://127.0.0.1:${port}`,
      KAFKA_CONTROLLER_LISTENER_NAMES: 'CONTROLLER',
      KAFKA_LISTENER_SECURITY_PROTOCOL_MAP: 'CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT',
      KAFKA_CONTROLLER_QUORUM_VOTERS: '1@localhost:9093',
      KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR: '1',
      KAFKA_TRANSACTION_STATE_LOG_MIN_ISR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_REPLICATION_FACTOR: '1',
      KAFKA_SHARE_COORDINATOR_STATE_TOPIC_MIN_ISR: '1',
      KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS: '0',
      KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS: '2000',
      KAFKA_AUTO_CREATE_TOPICS_ENABLE: 'false',
    })
    .withWaitStrategy(Wait.forLogMessage(/Kafka Server started/))
    .withStartupTimeout(START_MS)
    .start()
}

function startRedis(): Promise<StartedTestContainer> {
  return new GenericContainer(REDIS_IMAGE)
    .withExposedPorts(REDIS_PORT)
    .withCommand(['redis-server', '--maxmemory-policy', 'noeviction', '--save', ''])
    .withStartupTimeout(START_MS)
    .start()
}

function startClickHouse(): Promise<StartedTestContainer> {
  return new GenericContainer(CLICKHOUSE_IMAGE)
    .withExposedPorts(CLICKHOUSE_PORT)
    .withEnvironment({ CLICKHOUSE_SKIP_USER_SETUP: '1', TZ: 'UTC' })
    .withWaitStrategy(Wait.forHttp('/ping', CLICKHOUSE_PORT))
    .withStartupTimeout(START_MS)
    .start()
}

function addressOf(container: StartedTestContainer, port: number): string {
  return `${container.getHost()}:${container.getMappedPort(port)}`
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, () => {
      const address = server.address()
      server.close(() => (address === null || typeof address === 'string' ? reject(new Error('no port was given')) : resolve(address.port)))
    })
  })
}
