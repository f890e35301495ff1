import type { Command } from '../command.ts'
import { readAddresses, requireAddresses } from '../pipeline/addresses.ts'
import { connectPipeline } from '../pipeline/connect.ts'
import { DURATION_FORM, durationMsFromText } from '../pipeline/duration.ts'
import { openInWords } from '../pipeline/open-work.ts'
import { createProgress } from '../pipeline/progress.ts'
import { rebuildClickHouse } from '../pipeline/rebuild-clickhouse.ts'
import { rebuildRedis } from '../pipeline/rebuild-redis.ts'
import { refusePolitely } from '../pipeline/refuse.ts'
import { waitUntilSettled } from '../pipeline/wait-until-settled.ts'

const TIMEOUT_DEFAULT = '15m'
const targets = { redis: rebuildRedis, clickhouse: rebuildClickHouse } as const

export const command: Command = {
  name: 'rebuild',
  summary: 'make the working state or the tables again from the log, which is the truth',
  usage: 'rebuild redis | clickhouse [--timeout 15m]',
  examples: ['rebuild redis', 'rebuild clickhouse', 'rebuild clickhouse --timeout 1h --json'],
  options: { timeout: { type: 'string' } },
  async run({ values, positionals, json, out, err, config }) {
    const [target = ''] = positionals
    const given = typeof values.timeout === 'string' ? values.timeout : TIMEOUT_DEFAULT
    const timeoutMs = durationMsFromText(given)
    if (positionals.length !== 1 || !(target in targets)) {
      err(`rebuild wants redis or clickhouse${target === '' ? '' : `; it got "${positionals.join(' ')}"`}\n`)
      return 2
    }
    if (timeoutMs === null) {
      err(`--timeout is "${given}", which cannot be used: it accepts ${DURATION_FORM}\n`)
      return 2
    }
    return refusePolitely(err, async () => {
      const addresses = await readAddresses(config)
      const services = requireAddresses(addresses, config.dataDir, 'kafkaBrokers', 'redisUrl', 'clickhouseUrl')
      const view = await connectPipeline(config)
      const progress = createProgress(err)
      const startMs = performance.now()
      try {
        const rebuild = targets[target as keyof typeof targets]
        const { removed, check } = await rebuild({
          ...services,
          view,
          warehousePid: addresses.pids.warehouse ?? null,
          readPids: async () => (await readAddresses(config)).pids,
          say: progress.show,
        })
        progress.end()
        if (!json) err(`${removed}; reading the log again\n`)
        const { done, open } = await waitUntilSettled(view, { timeoutMs, onLook: (found) => progress.show(openInWords(found)) })
        progress.end()
        const checks = done ? await check() : []
        const ok = done && checks.every((one) => one.ok)
        const elapsedMs = Math.round(performance.now() - startMs)
        if (json) out(`${JSON.stringify({ target, ok, removed, checks, open, elapsed_ms: elapsedMs })}\n`)
        else {
          for (const one of checks) out(`${one.ok ? 'ok    ' : 'WRONG '} ${one.what}\n`)
          if (done) out(`${target} is rebuilt, after ${(elapsedMs / 1000).toFixed(1)} s\n`)
          else err(`the time is over after ${given}; the rebuild goes on by itself. Still open: ${openInWords(open)}\n`)
        }
        return ok ? 0 : 1
      } finally {
        progress.end()
        await view.close()
      }
    })
  },
}
