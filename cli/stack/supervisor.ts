import { resolve } from 'node:path'
import { catalogVersion } from '../../catalog/catalog.ts'
import { loadCatalog, textFromProblem } from '../../catalog/load-catalog.ts'
import type { Config } from '../../runtime/config.ts'
import { releaseLock, takeLock } from '../bootstrap/lock.mjs'
import { type DataFolder, openDataFolder } from './data-folder.ts'
import { keyEnv, secretEnv } from './keys.ts'
import { awaitLeftovers, openPidBook } from './leftovers.ts'
import { openLogFile } from './log-file.ts'
import { createManagedProcess, type ManagedEvents, type ManagedProcess } from './managed-process.ts'
import type { Part } from './part.ts'
import { stackPorts } from './ports.ts'
import { prepareServices } from './prepare-services.ts'
import { type Addresses, processes, processPart, trafficPart } from './processes.ts'
import { createServices, type Services, stopInOrder } from './services.ts'
import { removeStackFile, writeStackFile } from './stack-file.ts'
import { startWatcher, type Watcher } from './watcher.ts'

export type StackOptions = {
  config: Config
  env: NodeJS.ProcessEnv
  jars: string
  traffic: boolean
  /** Ends the stack. */
  signal: AbortSignal
  /** Progress, for people. */
  say(text: string): void
  ready(ingestUrl: string, consoleUrl: string): void
}

type Running = { options: StackOptions; data: DataFolder; watcher: Watcher; events: ManagedEvents; parts: ManagedProcess[]; publish: { now(): void } }

/** Starts everything in order, keeps it alive, and stops it in reverse order when the signal comes. */
export async function runStack(options: StackOptions): Promise<void> {
  const data = openDataFolder(options.config.dataDir)
  const owner = takeLock(data.lock)
  if (owner !== null)
    throw new Error(
      `${data.root} is in use by a running stack (pid ${owner}): stop it with "npm run tributary -- down", or set TRIBUTARY_DATA to another folder`,
    )
  try {
    await awaitLeftovers(data, options.say)
    removeStackFile(data)
    await runInFolder(options, data)
  } finally {
    releaseLock(data.lock)
  }
}

async function runInFolder(options: StackOptions, data: DataFolder): Promise<void> {
  const watcher = startWatcher()
  const running = createRunning(options, data, watcher)
  try {
    await bringUp(running)
    await aborted(options.signal)
    options.say('stopping')
  } catch (error) {
    if (!options.signal.aborted) throw error
  } finally {
    removeStackFile(data)
    await stopAll(running)
    watcher.close()
  }
}

function createRunning(options: StackOptions, data: DataFolder, watcher: Watcher): Running {
  const book = openPidBook(data)
  const publish = { now: () => {} }
  const events: ManagedEvents = {
    changed(name, pid) {
      book.set(name, pid)
      if (pid !== null) publish.now()
    },
    said: (name, text) => options.say(`${name} ${text}`),
  }
  return { options, data, watcher, events, parts: [], publish }
}

async function bringUp(running: Running): Promise<void> {
  const { options, data, events } = running
  const { config, env, signal, say } = options
  const catalog = loadCatalog(config.catalogDir)
  if (Array.isArray(catalog)) throw new Error(`the catalog cannot be used:\n${catalog.map(textFromProblem).join('\n')}`)
  const secrets = secretEnv(catalog, config.catalogDir, env, data)
  const keys = keyEnv(config, data)
  const ports = await stackPorts(config, data)
  const addresses = { ingest: `http://127.0.0.1:${ports.ingest}`, console: `http://127.0.0.1:${ports.console}` }
  const services = createServices({ dataDir: data.root, jars: options.jars, ports, given: config, env, watcher: running.watcher, events })
  for (const service of services.started) await startPart(running, service)
  signal.throwIfAborted()
  await prepareServices(services, config.kafkaBrokers === null, config.namespace, catalog, say)
  signal.throwIfAborted()
  const common = {
    KAFKA_BROKERS: services.kafkaBrokers,
    REDIS_URL: services.redisUrl,
    CLICKHOUSE_URL: services.clickhouseUrl,
    TRIBUTARY_CATALOG: resolve(config.catalogDir),
    TRIBUTARY_DATA: data.root,
    TRIBUTARY_INGEST_PORT: String(ports.ingest),
    TRIBUTARY_CONSOLE_PORT: String(ports.console),
    ...keys,
  }
  const products = processes.map((process) => processPart(process, addresses, process.name === 'ingest' ? { ...common, ...secrets } : common))
  await startAll(running, products)
  signal.throwIfAborted()
  publishAddresses(running, services, addresses)
  say(`catalog version ${catalogVersion(catalog)}, data and logs in ${data.root}`)
  options.ready(addresses.ingest, addresses.console)
  if (options.traffic) await startPart(running, manage(running, trafficPart({ ...common, ...secrets, TRIBUTARY_TRAFFIC_INGEST_URL: addresses.ingest })))
}

/** The processes are launched in order and come up side by side, since most of a start is loading of code. */
async function startAll(running: Running, parts: Part[]): Promise<void> {
  const results = await Promise.allSettled(parts.map((part) => startPart(running, manage(running, part))))
  const failed = results.find((result) => result.status === 'rejected')
  if (failed !== undefined) throw failed.reason
}

function manage({ options, data, watcher, events }: Running, part: Part): ManagedProcess {
  return createManagedProcess(part, options.env, watcher, openLogFile(data.log(part.name)), events)
}

async function startPart({ options, parts }: Running, part: ManagedProcess): Promise<void> {
  options.signal.throwIfAborted()
  parts.push(part)
  const startedMs = Date.now()
  const stopEarly = () => void part.stop()
  options.signal.addEventListener('abort', stopEarly, { once: true })
  try {
    await part.start()
  } finally {
    options.signal.removeEventListener('abort', stopEarly)
  }
  options.signal.throwIfAborted()
  options.say(`${part.name} serves after ${((Date.now() - startedMs) / 1000).toFixed(1)} s`)
}

/** Written when everything serves, and again whenever a part has a new process. */
function publishAddresses(running: Running, services: Services, addresses: Addresses): void {
  running.publish.now = () => {
    const living = running.parts.filter((part) => part.name !== 'traffic' && part.state().pid !== null)
    writeStackFile(running.data, {
      kafka_brokers: services.kafkaBrokers,
      redis_url: services.redisUrl,
      clickhouse_url: services.clickhouseUrl,
      ingest_url: addresses.ingest,
      console_url: addresses.console,
      pids: Object.fromEntries(living.map((part) => [part.name, part.state().pid ?? 0])),
      started_at: Object.fromEntries(living.map((part) => [part.name, new Date(part.state().sinceMs ?? 0).toISOString()])),
    })
  }
  running.publish.now()
}

/** The traffic first, the services at last. */
async function stopAll({ parts, publish }: Running): Promise<void> {
  publish.now = () => {}
  await stopInOrder(parts)
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((done) => signal.addEventListener('abort', () => done(), { once: true }))
}
