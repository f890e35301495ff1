import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { answersTcp } from './answers.ts'
import type { Part } from './part.ts'

export type KafkaOptions = { folder: string; port: number; controllerPort: number; jars: string }

/** Made for a quick start on a small machine: it is back from a crash sooner, and its first minutes cost half the CPU. */
const JAVA = ['-Xms128m', '-Xmx640m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']
const READY_MS = 120_000
const STOP_MS = 15_000
const CLUSTER_ID_BYTES = 16

/** The broker, alone in KRaft mode, from its jars. */
export function kafkaPart(options: KafkaOptions): Part {
  const properties = join(options.folder, 'server.properties')
  return {
    name: 'kafka',
    command: 'java',
    args: [
      ...JAVA,
      `-Dlog4j2.configurationFile=${join(import.meta.dirname, 'kafka', 'log4j2.properties')}`,
      '-cp',
      join(options.jars, '*'),
      'kafka.Kafka',
      properties,
    ],
    env: {},
    cwd: options.folder,
    prepare: () => prepareFolder(options, properties),
    isServing: () => answersTcp(options.port),
    readyMs: READY_MS,
    stopMs: STOP_MS,
  }
}

async function prepareFolder(options: KafkaOptions, properties: string): Promise<void> {
  mkdirSync(options.folder, { recursive: true })
  writeFileSync(properties, serverProperties(options, join(options.folder, 'data')))
  const data = join(options.folder, 'data')
  if (existsSync(data)) return
  // Formatted under another name, so that a start that was interrupted leaves no half of a folder behind.
  const fresh = join(options.folder, 'data.new')
  rmSync(fresh, { recursive: true, force: true })
  const formatProperties = join(options.folder, 'format.properties')
  writeFileSync(formatProperties, serverProperties(options, fresh))
  await format(options, formatProperties)
  renameSync(fresh, data)
}

function format(options: KafkaOptions, properties: string): Promise<void> {
  const id = randomBytes(CLUSTER_ID_BYTES).toString('base64url')
  const args = ['-cp', join(options.jars, '*'), 'kafka.tools.StorageTool', 'format', '--standalone', `--cluster-id=${id}`, '-c', properties]
  return new Promise((resolve, reject) => {
    const child = spawn('java', args, { cwd: options.folder, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    child.stdout.on('data', (bytes: Buffer) => (output += bytes.toString()))
    child.stderr.on('data', (bytes: Buffer) => (output += bytes.toString()))
    child.once('error', (cause) => reject(new Error('java cannot be started: install a Java runtime of version 17 or newer', { cause })))
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`Kafka's data folder cannot be formatted: ${output.slice(-2_000)}`))))
  })
}

function serverProperties({ port, controllerPort }: KafkaOptions, data: string): string {
  const lines = {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.bootstrap.servers': `127.0.0.1:${controllerPort}`,
    listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
    'controller.listener.names': 'CONTROLLER',
    'inter.broker.listener.name': 'PLAINTEXT',
    'log.dirs': data,
    'offsets.topic.replication.factor': 1,
    'transaction.state.log.replication.factor': 1,
    'transaction.state.log.min.isr': 1,
    'share.coordinator.state.topic.replication.factor': 1,
    'share.coordinator.state.topic.min.isr': 1,
    'offsets.topic.num.partitions': 4,
    'transaction.state.log.num.partitions': 4,
    'auto.create.topics.enable': false,
    'group.initial.rebalance.delay.ms': 0,
    'group.min.session.timeout.ms': 2_000,
    // After a kill the old registration must expire before the broker may come back: 3 s instead of 9 s.
    'broker.session.timeout.ms': 3_000,
    'broker.heartbeat.interval.ms': 500,
  }
  return `${Object.entries(lines)
    .map(([name, value]) => `${name}=${value}`)
    .join('\n')}\n`
}
