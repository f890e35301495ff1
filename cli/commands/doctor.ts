import type { Command } from '../command.ts'
import { readAddresses } from '../pipeline/addresses.ts'
import { dataFolderAt } from '../stack/data-folder.ts'
import { checkCatalog, checkClickHouse, checkKafka, checkNode, checkRedis, type Finding } from '../stack/doctor-checks.ts'
import { textTable } from '../stack/text-table.ts'

const STATES = { ok: 'ok', failed: 'FAILED', skipped: 'not looked at' }

export const command: Command = {
  name: 'doctor',
  summary: 'check what the guarantees rest on: catalog, secrets, topics and their copies, Redis, ClickHouse',
  usage: 'doctor',
  examples: ['doctor', 'doctor --json'],
  options: {},
  async run({ positionals, json, out, err, config, env }) {
    if (positionals.length > 0) {
      err(`doctor takes no argument, it got "${positionals[0]}"\n`)
      return 2
    }
    const addresses = await readAddresses(config)
    const [kafka, redis, clickhouse] = await Promise.all([
      checkKafka(addresses, config),
      checkRedis(addresses.redisUrl),
      checkClickHouse(addresses.clickhouseUrl),
    ])
    const findings = [checkNode(process.versions.node), ...checkCatalog(config, env, dataFolderAt(config.dataDir)), ...kafka, redis, clickhouse]
    const healthy = findings.every((finding) => finding.state !== 'failed')
    out(json ? `${JSON.stringify({ healthy, findings })}\n` : `${report(findings)}\n`)
    return healthy ? 0 : 1
  },
}

function report(findings: Finding[]): string {
  const lines = textTable(findings.map(({ check, state, detail }) => [check, STATES[state], detail]))
  const fixes = findings.flatMap(({ check, fix, state }) => (state === 'failed' && fix !== undefined ? [`${check}: ${fix}`] : []))
  return fixes.length === 0 ? lines : `${lines}\n\n${fixes.join('\n')}`
}
