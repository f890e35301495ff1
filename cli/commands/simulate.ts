import { writeFile } from 'node:fs/promises'
import { loadCatalog, textFromProblem } from '../../catalog/load-catalog.ts'
import { msFromInstant } from '../../catalog/field-spec.ts'
import type { Command } from '../command.ts'
import { readAddresses, requireAddresses } from '../pipeline/addresses.ts'
import { createProgress } from '../pipeline/progress.ts'
import { refusePolitely } from '../pipeline/refuse.ts'
import { runSimulator } from '../simulator/run-simulator.ts'
import { stackSecrets } from '../simulator/stack-secrets.ts'
import { progressText, summaryText } from '../simulator/summary.ts'

const EVENTS_MAX = 5_000_000
const RATE_MAX = 100_000
const HOUR_MS = 3_600_000

export const command: Command = {
  name: 'simulate',
  summary: 'send realistic traffic with planted frauds; the same seed gives the same traffic',
  usage: 'simulate --seed N --events N [--rate N/s] [--until TIME] [--labels FILE] [--ingest URL]',
  examples: [
    'simulate --seed 1 --events 2000',
    'simulate --seed 7 --events 50000 --rate 500/s --labels labels.jsonl',
    'simulate --seed 7 --events 2000 --until 2026-11-23T12:00:00Z',
  ],
  options: {
    seed: { type: 'string' },
    events: { type: 'string' },
    rate: { type: 'string' },
    until: { type: 'string' },
    labels: { type: 'string' },
    ingest: { type: 'string' },
  },
  async run({ values, positionals, json, out, err, config, env }) {
    const wanted = argumentsFrom(values, positionals, Date.now())
    if (typeof wanted === 'string') {
      err(`${wanted}\n`)
      return 2
    }
    return refusePolitely(err, async () => {
      const catalog = loadCatalog(config.catalogDir)
      if (Array.isArray(catalog)) throw new Error(`the catalog cannot be used:\n${catalog.map(textFromProblem).join('\n')}`)
      const ingestUrl = wanted.ingest ?? requireAddresses(await readAddresses(config), config.dataDir, 'ingestUrl').ingestUrl
      const { secrets, missing } = await stackSecrets(catalog, env, config.dataDir)
      if (missing.length > 0) throw new Error(`the secrets of integrations are unknown: set ${missing.join(', ')}`)
      // Found out before the traffic is sent, not after it.
      if (wanted.labels !== null) await writeFile(wanted.labels, '')
      const progress = createProgress(err)
      const interruption = interruptions()
      try {
        const { summary, labels } = await runSimulator({
          catalog,
          ingestUrl,
          secrets,
          seed: wanted.seed,
          traffic: { kind: 'batch', events: wanted.events, perSecond: wanted.perSecond, endMs: wanted.endMs },
          signal: interruption.signal,
          onProgress: (soFar) => progress.show(`${progressText(soFar)} of ${wanted.events}`),
        })
        progress.end()
        if (wanted.labels !== null) await writeFile(wanted.labels, labels.text())
        const { byKind, ...rest } = summary
        out(json ? `${JSON.stringify({ seed: wanted.seed, until: new Date(wanted.endMs).toISOString(), ...rest, by_kind: byKind })}\n` : summaryText(summary))
        return summary.interrupted || summary.accepted < summary.sent ? 1 : 0
      } finally {
        progress.end()
        interruption.end()
      }
    })
  },
}

type Wanted = { seed: number; events: number; perSecond: number | null; endMs: number; labels: string | null; ingest: string | null }

/** The arguments, or one sentence about the first that cannot be used. */
export function argumentsFrom(values: Readonly<Record<string, unknown>>, positionals: readonly string[], nowMs: number): Wanted | string {
  if (positionals.length > 0) return `simulate takes no argument, it got "${positionals[0]}"`
  const text = (name: string): string | null => (typeof values[name] === 'string' ? values[name] : null)
  const seed = wholeNumber(text('seed'), 0, Number.MAX_SAFE_INTEGER)
  if (seed === null) return `--seed wants a whole number from 0 to ${Number.MAX_SAFE_INTEGER}${gotText(text('seed'))}`
  const events = wholeNumber(text('events'), 1, EVENTS_MAX)
  if (events === null) return `--events wants a whole number from 1 to ${EVENTS_MAX}${gotText(text('events'))}`
  const rate = text('rate')
  const perSecond = rate === null ? null : wholeNumber(/^([0-9]+)(\/s)?$/.exec(rate)?.[1] ?? null, 1, RATE_MAX)
  if (rate !== null && perSecond === null) return `--rate wants N/s with N from 1 to ${RATE_MAX}, such as 100/s${gotText(rate)}`
  const until = text('until')
  const untilMs = until === null ? Math.floor(nowMs / HOUR_MS) * HOUR_MS : msFromInstant(until)
  if (untilMs === null || untilMs > nowMs) return `--until wants a past time with offset, such as 2026-11-23T12:00:00Z${gotText(until)}`
  const ingest = text('ingest')
  if (ingest !== null && !/^https?:$/.test(URL.parse(ingest)?.protocol ?? ''))
    return `--ingest wants an address such as http://127.0.0.1:8080${gotText(ingest)}`
  const labels = text('labels')
  if (labels === '') return '--labels wants the name of a file'
  return { seed, events, perSecond, endMs: untilMs, labels, ingest: ingest?.replace(/\/+$/, '') ?? null }
}

function wholeNumber(text: string | null, min: number, max: number): number | null {
  if (text === null || !/^(0|[1-9][0-9]{0,15})$/.test(text)) return null
  const value = Number(text)
  return value >= min && value <= max ? value : null
}

const gotText = (text: string | null): string => (text === null ? '' : `; it got "${text}"`)

/** Ctrl-C ends the run after what is in flight has been answered, with a summary of what was sent. */
function interruptions(): { signal: AbortSignal; end(): void } {
  const controller = new AbortController()
  const stop = () => controller.abort(new Error('interrupted'))
  process.once('SIGINT', stop).once('SIGTERM', stop)
  return {
    signal: controller.signal,
    end: () => process.removeListener('SIGINT', stop).removeListener('SIGTERM', stop),
  }
}
