import { randomBytes, randomInt } from 'node:crypto'
import { join } from 'node:path'
import { integrationSecrets, textFromSecretProblem } from '../catalog/integration-secrets.ts'
import { loadCatalog, textFromProblem } from '../catalog/load-catalog.ts'
import { loadConfig, required } from '../runtime/config.ts'
import { messageOf, runService } from '../runtime/lifecycle.ts'
import { createLog } from '../runtime/log.ts'
import { startIngest } from './start-ingest.ts'

const log = createLog('ingest')

await runService(log, async (stack, fail) => {
  const config = loadConfig(process.env)
  const catalog = loadCatalog(config.catalogDir)
  if (Array.isArray(catalog)) throw new Error(`the catalog cannot be used:\n${catalog.map(textFromProblem).join('\n')}`)
  const secrets = integrationSecrets(catalog, process.env)
  if (Array.isArray(secrets)) throw new Error(`the secrets cannot be used:\n${secrets.map(textFromSecretProblem).join('\n')}`)
  const ipKeys = required('TRIBUTARY_IP_KEYS', config.ipKeys, 'current[,previous] in hex')
  const ingest = await startIngest({
    catalog,
    secrets,
    log,
    brokers: required('KAFKA_BROKERS', config.kafkaBrokers, 'host:port[,host:port]'),
    clickKeys: required('TRIBUTARY_CLICK_KEYS', config.clickKeys, 'kid:hex[,kid:hex]'),
    ipKey: ipKeys[0] ?? '',
    trustedProxies: config.trustedProxies,
    namespace: config.namespace,
    spillDir: join(config.dataDir, 'spill', config.namespace === '' ? 'default' : config.namespace),
    port: config.ingestPort,
    host: process.env['TRIBUTARY_INGEST_HOST'] ?? '0.0.0.0',
    processId: randomBytes(8).toString('hex'),
    random26Start: randomInt(2 ** 26),
    now: Date.now,
    onFatal: (error) => {
      log.error({ error: messageOf(error) }, 'the log cannot be written any more')
      fail(error)
    },
  })
  stack.add('ingest', ingest.stop)
  log.info({ url: ingest.url }, 'listening')
})
