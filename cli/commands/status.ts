import { messageOf } from '../../runtime/lifecycle.ts'
import { ownerOf } from '../bootstrap/lock.mjs'
import type { Command } from '../command.ts'
import { dataFolderAt } from '../stack/data-folder.ts'
import { groupLags } from '../stack/group-lags.ts'
import { healthOf, type PartHealth } from '../stack/part-health.ts'
import { readStackFile } from '../stack/stack-file.ts'
import { textTable } from '../stack/text-table.ts'

type Row = PartHealth & { lag: number | null }

export const command: Command = {
  name: 'status',
  summary: 'show every part: whether it answers, its process, since when, where, and how far it is behind',
  usage: 'status',
  examples: ['status', 'status --json'],
  options: {},
  async run({ positionals, json, out, err, config }) {
    if (positionals.length > 0) {
      err(`status takes no argument, it got "${positionals[0]}"\n`)
      return 2
    }
    const data = dataFolderAt(config.dataDir)
    const supervisor = ownerOf(data.lock)
    const file = supervisor === null ? null : readStackFile(data)
    if (file === null) {
      const text = supervisor === null ? `nothing runs in ${data.root}: npm start` : `the stack in ${data.root} is starting or stopping (pid ${supervisor})`
      if (json) out(`${JSON.stringify({ running: false, supervisor, parts: [] })}\n`)
      else err(`${text}\n`)
      return 1
    }
    const health = await healthOf(file)
    const lags = health.some(({ part, healthy }) => part === 'kafka' && healthy) ? await lagsOrNothing(file.kafka_brokers, config.namespace, err) : {}
    const rows = health.map((part) => ({ ...part, lag: lags[part.part] ?? null }))
    if (json) out(`${JSON.stringify({ running: true, supervisor, data: data.root, parts: rows })}\n`)
    else out(`${table(rows, Date.now())}\n\ndata and logs  ${data.root}\nsecrets        ${data.secretsFile}, ${data.keysFile}\n`)
    return rows.every((row) => row.healthy) ? 0 : 1
  },
}

/** Kafka may go away while it is asked; the rest of the status is worth showing all the same. */
async function lagsOrNothing(brokers: string, namespace: string, err: (text: string) => void): Promise<Record<string, number>> {
  try {
    return await groupLags(brokers, namespace)
  } catch (error) {
    err(`how far the processors are behind is unknown: ${messageOf(error)}\n`)
    return {}
  }
}

function table(rows: Row[], nowMs: number): string {
  const head = ['part', 'state', 'pid', 'up', 'behind', 'address']
  const cells = rows.map((row) => [
    row.part,
    row.healthy ? 'ok' : 'NOT OK',
    row.pid === null ? '(given)' : String(row.pid),
    row.since === null ? '' : uptime(nowMs - Date.parse(row.since)),
    row.lag === null ? '' : String(row.lag),
    row.address ?? '',
  ])
  return textTable([head, ...cells])
}

function uptime(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const [days, hours, minutes] = [Math.floor(seconds / 86_400), Math.floor(seconds / 3_600) % 24, Math.floor(seconds / 60) % 60]
  if (days > 0) return `${days}d ${hours}h`
  if (hours > 0) return `${hours}h ${minutes}m`
  return minutes > 0 ? `${minutes}m ${seconds % 60}s` : `${seconds}s`
}
