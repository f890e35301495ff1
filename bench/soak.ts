import { setTimeout as sleep } from 'node:timers/promises'
import { groupLags } from '../cli/stack/group-lags.ts'
import { gaugeOf } from '../cli/pipeline/open-work.ts'
import { type Bench, type BenchCall, runBench } from './support/bench.ts'
import { queryNumber } from './support/clickhouse-query.ts'
import { startLoadProcess } from './support/load-process.ts'
import { postEvent } from './support/post-event.ts'
import { cpuMicros, rssBytes } from './support/proc.ts'
import { type Table } from './support/report.ts'
import { type RunningStack, runningStack, senderOf } from './support/running-stack.ts'
import { memoryTable, type Sample } from './support/memory-table.ts'

const SAMPLE_MS = 10_000
const CONNECTIONS = 32
const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
const WAIT_S = 300

export const soak: Bench = {
  name: 'soak',
  summary: 'memory of every process under a steady load, and how far behind the pipeline is at its end',
  numbers: {
    minutes: { default: 10, min: 0.1, max: 240, help: 'length' },
    clicks: { default: 1_000, min: 1, max: 10_000, help: 'redirects per second' },
    postbacks: { default: 10, min: 0, max: 500, help: 'postbacks per second' },
  },
  texts: { data: { help: 'data folder of a running deployment with the demo catalog, instead of one of its own' } },
  async run(call) {
    const { minutes = 0, clicks = 0, postbacks = 0 } = call.numbers
    const stack = await runningStack(call, call.texts.data)
    const before = await queryNumber(stack.clickhouseUrl, 'SELECT count() FROM tributary_v1.clicks')
    const load = startLoadProcess()
    call.onEnd(() => load.stop())
    const sender = await senderOf(stack)
    const head = ['host: localhost', `user-agent: ${USER_AGENT}`, 'x-forwarded-for: {ip}', 'accept-language: en']
    const template = `GET /c/${sender.linkId}?sub1=soak&affiliate_click_id=s{n} HTTP/1.1\r\n${head.join('\r\n')}\r\n\r\n`
    call.say(`${clicks} clicks and ${postbacks} postbacks per second for ${minutes} min`)
    const durationMs = minutes * 60_000
    const ended = new AbortController()
    const port = Number(new URL(stack.ingestUrl).port)
    const running = load
      .run({ kind: 'open', port, perSecond: clicks, template, connections: CONNECTIONS, durationMs, firstNumber: 0 })
      .finally(() => ended.abort())
    const [answers, samples, trickled] = await Promise.all([
      running,
      sampleMemory(call, stack, load.pid, ended.signal),
      trickle(stack, postbacks, ended.signal),
    ])
    const lagAtEnd = await groupLags(stack.kafkaBrokers, '')
    const dropped = gaugeOf(await (await fetch(`${stack.ingestUrl}/metrics`)).text(), 'tributary_clicks_dropped_total') ?? 0
    const settledS = await settle(call, stack)
    const clicked = (answers.byStatus['302'] ?? 0) + trickled.clicks
    const stored = (await queryNumber(stack.clickhouseUrl, 'SELECT count() FROM tributary_v1.clicks')) - before
    const restarted = Object.keys(samples.at(0)?.pids ?? {}).filter((name) => samples.some((sample) => sample.pids[name] !== samples[0]?.pids[name]))
    return {
      tables: [memoryTable(samples), lagTable(lagAtEnd)],
      notes: [
        `${answers.sent} redirects sent, ${clicked} answered 302 with those of the postbacks, ${answers.givenUp} found no free connection, p50 ${answers.p50Ms.toFixed(1)} ms, p99 ${answers.p99Ms.toFixed(1)} ms`,
        `${stored} clicks in the view, ${dropped} dropped and counted; ${trickled.acknowledged} of ${trickled.sent} postbacks acknowledged`,
        settledS === null
          ? 'what was left after the load was not waited for (not a deployment of its own)'
          : `everything was done ${settledS.toFixed(1)} s after the load`,
      ],
      data: { answers, samples, lagAtEnd, dropped, clicked, stored, trickled, settledS, restarted },
      failures: [
        ...restarted.map((name) => `${name} did not live through it: another process took its place`),
        ...(stack.own !== null && clicked - dropped > stored
          ? [`${clicked - dropped - stored} answered clicks are neither stored nor counted as dropped`]
          : []),
        ...(trickled.acknowledged < trickled.sent ? [`${trickled.sent - trickled.acknowledged} postbacks were not acknowledged`] : []),
      ],
    }
  },
}

function lagTable(lags: Record<string, number>): Table {
  return {
    title: 'records not yet read, the moment the load ended',
    head: ['group', 'records'],
    rows: Object.entries(lags).map(([name, lag]) => [name, String(lag)]),
  }
}

async function sampleMemory(call: BenchCall, stack: RunningStack, generatorPid: number, ended: AbortSignal): Promise<Sample[]> {
  const samples: Sample[] = []
  const startMs = performance.now()
  for (let number = 0; !ended.aborted; number++) {
    const pids = { ...(await stack.pids()), 'load generator': generatorPid }
    const rss = Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, rssBytes(pid)]))
    const cpu = Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuMicros(pid)]))
    samples.push({ atMs: performance.now() - startMs, pids, rss, cpu })
    if (number % 6 === 0)
      call.say(
        `${Object.entries(rss)
          .map(([name, bytes]) => `${name} ${((bytes ?? 0) / 1e6).toFixed(0)}`)
          .join(', ')} MB`,
      )
    await sleep(startMs + (number + 1) * SAMPLE_MS - performance.now(), undefined, { signal: ended }).catch(ignoreAbort)
  }
  return samples
}

/** A click that is followed by its registration and a deposit, so that every process has work. */
async function trickle(stack: RunningStack, perSecond: number, ended: AbortSignal): Promise<{ sent: number; acknowledged: number; clicks: number }> {
  const counts = { sent: 0, acknowledged: 0, clicks: 0 }
  if (perSecond === 0) return counts
  const sender = await senderOf(stack)
  const run = Date.now().toString(36)
  const open = new Set<Promise<void>>()
  const pairMs = (2 / perSecond) * 1000
  for (let number = 0; !ended.aborted; number++) {
    const one: Promise<void> = journey(stack, sender, `${run}-${number}`, counts).finally(() => open.delete(one))
    open.add(one)
    await sleep(pairMs, undefined, { signal: ended }).catch(ignoreAbort)
  }
  await Promise.all(open)
  return counts
}

async function journey(
  stack: RunningStack,
  sender: Awaited<ReturnType<typeof senderOf>>,
  player: string,
  counts: { sent: number; acknowledged: number; clicks: number },
) {
  const clicked = await fetch(`${stack.ingestUrl}/c/${sender.linkId}`, { redirect: 'manual', headers: { 'user-agent': USER_AGENT } }).catch(() => null)
  const clickId = URL.parse(clicked?.headers.get('location') ?? '')?.searchParams.get(sender.clickParam)
  if (clickId) counts.clicks += 1
  const registration: Record<string, string> = { event: 'registration', player_id: player, ...(clickId ? { click_id: clickId } : {}) }
  const deposit = { event: 'deposit', external_event_id: player, player_id: player, amount: '25.00', currency: sender.currency }
  for (const fields of [registration, deposit]) {
    counts.sent += 1
    if ((await postEvent(stack.ingestUrl, sender, fields)) !== null) counts.acknowledged += 1
  }
}

async function settle(call: BenchCall, stack: RunningStack): Promise<number | null> {
  if (stack.own === null) return null
  const startMs = performance.now()
  call.say('waiting until everything is done')
  await stack.own.wait(WAIT_S)
  return (performance.now() - startMs) / 1000
}

/** The end of the load ends every pause. */
function ignoreAbort(error: unknown): void {
  if ((error as Error).name !== 'AbortError') throw error
}

if (import.meta.main) process.exitCode = await runBench(soak, process.argv.slice(2))
