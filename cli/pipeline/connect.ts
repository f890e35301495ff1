import { createReader, type Reader } from '../../console/reader.ts'
import { createClickHouse } from '../../runtime/clickhouse.ts'
import type { Config } from '../../runtime/config.ts'
import { createNames } from '../../runtime/names.ts'
import { readAddresses, requireAddresses } from './addresses.ts'
import { createKafkaAdmin, type KafkaAdmin } from './kafka-admin.ts'
import type { PipelineView } from './open-work.ts'

const METRICS_TIMEOUT_MS = 5_000

/** What a command needs to see how far everything is. @throws NotRunningError when addresses are unknown */
export async function connectPipeline(config: Config): Promise<PipelineView & { close(): Promise<void> }> {
  const { kafkaBrokers, clickhouseUrl, ingestUrl } = requireAddresses(await readAddresses(config), config.dataDir, 'kafkaBrokers', 'clickhouseUrl', 'ingestUrl')
  const admin = createKafkaAdmin(kafkaBrokers)
  const views = openViews(config, clickhouseUrl)
  return {
    names: createNames(config.namespace),
    admin,
    reader: views.reader,
    readIngestMetrics: () => metricsOf(ingestUrl),
    close: () => closeAll(admin, views),
  }
}

/** The public views of a deployment. */
export function openViews(config: Config, clickhouseUrl: string): { reader: Reader; close(): Promise<void> } {
  const client = createClickHouse(clickhouseUrl, { database: createNames(config.namespace).database('tributary_v1') })
  return { reader: createReader(client), close: () => client.close() }
}

async function metricsOf(ingestUrl: string): Promise<string> {
  const response = await fetch(`${ingestUrl}/metrics`, { signal: AbortSignal.timeout(METRICS_TIMEOUT_MS) })
  if (!response.ok) throw new Error(`it answered ${response.status}`)
  return response.text()
}

async function closeAll(admin: KafkaAdmin, views: { close(): Promise<void> }): Promise<void> {
  await admin.close()
  await views.close()
}
