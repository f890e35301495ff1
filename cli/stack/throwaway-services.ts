import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { kafkaJarsFolder } from '../bootstrap/cache-folder.mjs'
import { freeServicePorts, type Services, startServices } from './services.ts'
import { startWatcher } from './watcher.ts'

/** Kafka, Redis and ClickHouse on free ports, with data that is gone after `stop`: what tests run on. */
export async function startThrowawayServices(env: NodeJS.ProcessEnv, say: (text: string) => void): Promise<Services & { stop(): Promise<void> }> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tributary-services-'))
  const watcher = startWatcher()
  const services = await startServices({
    dataDir,
    jars: kafkaJarsFolder(env),
    ports: await freeServicePorts(),
    given: { kafkaBrokers: null, redisUrl: null, clickhouseUrl: null },
    env,
    watcher,
    events: { changed: () => {}, said: (name, text) => say(`${name} ${text}`) },
  })
  return {
    ...services,
    async stop() {
      await services.stop()
      watcher.close()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}
