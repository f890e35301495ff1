import { createClickHouse } from '../../runtime/clickhouse.ts'
import { loadConfig, required } from '../../runtime/config.ts'
import { runConsumeLoop } from '../../runtime/consume-loop.ts'
import { startHealthServer } from '../../runtime/health-server.ts'
import { runService } from '../../runtime/lifecycle.ts'
import { createLog } from '../../runtime/log.ts'
import { createMetrics } from '../../runtime/metrics.ts'
import { createNames } from '../../runtime/names.ts'
import { probeFromText } from '../../runtime/probe.ts'
import { createProducer } from '../../runtime/producer.ts'
import { readRanges } from '../../runtime/read-ranges.ts'
import { createInsertRows } from './insert-rows.ts'
import { createWarehouseMetrics } from './metrics.ts'
import { topicRows } from './rows.ts'
import { createSink } from './sink.ts'

const BATCH_RECORDS_MAX = 5_000
const METRICS_PORT_ANY = 0
const SERVICE = 'warehouse'

const log = createLog(SERVICE)
await runService(log, async (stack, fail) => {
  const config = loadConfig(process.env)
  const brokers = required('KAFKA_BROKERS', config.kafkaBrokers, 'host:port[,host:port]')
  const clickhouseUrl = required('CLICKHOUSE_URL', config.clickhouseUrl, 'http://host:port')
  const names = createNames(config.namespace)
  const registry = createMetrics(SERVICE)
  const stopping = new AbortController()
  let ready = false
  const health = await startHealthServer({ registry, port: METRICS_PORT_ANY, ready: () => (ready ? null : 'starting') })
  stack.add('health', () => health.close())
  const client = createClickHouse(clickhouseUrl)
  stack.add('clickhouse', () => client.close())
  const producer = createProducer({ brokers, clientId: 'tributary-warehouse', lanes: 1 })
  stack.add('producer', () => producer.close())
  const insertRows = createInsertRows({ client, database: names.database('tributary'), log, stopping: stopping.signal })
  const probe = probeFromText(process.env.TRIBUTARY_KILL_AT, (point) => process.stderr.write(`killed at ${point}\n`))
  const loop = runConsumeLoop({
    brokers,
    group: names.group(SERVICE),
    clientId: 'tributary-warehouse',
    instance: config.instance,
    topics: topicRows.map(({ topic }) => names.topic(topic)),
    batchMax: BATCH_RECORDS_MAX,
    log,
    createHandler: (control) =>
      createSink(control, {
        names,
        insertRows,
        producer,
        readRanges: (ranges) => readRanges({ brokers, clientId: 'tributary-warehouse-plans', ranges }),
        metrics: createWarehouseMetrics(registry),
        probe,
        log,
      }),
  })
  stack.add('loop', () => {
    stopping.abort()
    return loop.stop()
  })
  loop.done.catch(fail)
  ready = true
  log.info({ health: `http://127.0.0.1:${health.port}` }, 'running')
})
