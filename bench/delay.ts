import { setTimeout as sleep } from 'node:timers/promises'
import { type Bench, type BenchCall, runBench } from './support/bench.ts'
import { queryRows } from './support/clickhouse-query.ts'
import { postEvent } from './support/post-event.ts'
import { numberText } from './support/report.ts'
import { type RunningStack, runningStack, senderOf } from './support/running-stack.ts'
import { percentile } from './support/statistics.ts'

/** An acknowledged event until it was seen in each view; times of `performance.now()`. */
type Watched = { counts: boolean; receiptId: string; eventId: string; answeredMs: number; receiptMs: number | null; verdictMs: number | null }

const POLL_MS = 50
/** Ids of one query, so that its text stays far below what the engine takes. */
const IDS_MAX = 4_000
const TAIL_MS = 60_000
/** A deposit follows the registration of its player by so many events, as it does in life. */
const DEPOSIT_LATER = 200
const TICK_MS = 5

export const delay: Bench = {
  name: 'delay',
  summary: 'from the answer to a postback until its receipt is decided and its verdict settled in the public views',
  numbers: {
    rate: { default: 200, min: 1, max: 2_000, help: 'events per second' },
    'warm-up': { default: 5, min: 0, max: 60, help: 'seconds of the same load before, which do not count' },
    seconds: { default: 30, min: 1, max: 600, help: 'length of the sending' },
    'settle-ms': { default: 2_000, min: 0, max: 60_000, help: 'TRIBUTARY_SETTLE_MS of a deployment of its own; no verdict settles sooner' },
  },
  texts: { data: { help: 'data folder of a running deployment with the demo catalog, instead of one of its own' } },
  async run(call) {
    const { rate = 0, seconds = 0 } = call.numbers
    const stack = await runningStack(call, call.texts.data, { TRIBUTARY_SETTLE_MS: String(call.numbers['settle-ms']) })
    const watched: Watched[] = []
    const polls: number[] = []
    const sending = new AbortController()
    const steady = sendSteadily(call, stack, { perSecond: rate, seconds, warmUpSeconds: call.numbers['warm-up'] ?? 0 }, watched).finally(() => sending.abort())
    const [{ sent, latenessMs }] = await Promise.all([steady, pollViews(stack, watched, polls, sending.signal)])
    const counted = watched.filter(({ counts }) => counts)
    const rows = [
      delayRow(
        'answer -> receipt decided',
        counted.map(({ answeredMs, receiptMs }) => (receiptMs === null ? null : receiptMs - answeredMs)),
      ),
      delayRow(
        'answer -> verdict settled',
        counted.map(({ answeredMs, verdictMs }) => (verdictMs === null ? null : verdictMs - answeredMs)),
      ),
      delayRow('the look itself (both views)', polls),
    ]
    const unseen = watched.filter(({ receiptMs, verdictMs }) => receiptMs === null || verdictMs === null).length
    return {
      tables: [{ title: 'delay in ms', head: ['from -> to', 'events', 'p50', 'p99', 'max'], rows }],
      notes: [
        `${sent} events sent at ${rate}/s, ${watched.length} acknowledged, of them ${watched.length - counted.length} in the warm-up; sent up to ${numberText(latenessMs)} ms late, seen by ${polls.length} looks, one each ${POLL_MS} ms or as fast as they are answered`,
        `a delay ends when the look that saw the row was answered, so it holds up to one look and one pause too much; of the verdict ${call.texts.data === undefined ? call.numbers['settle-ms'] : 'TRIBUTARY_SETTLE_MS'} ms are the wait that is asked for`,
      ],
      data: { sent, acknowledged: watched.length, latenessMs, unseen, delays: counted.map(delaysOf), polls },
      failures: [
        ...(unseen > 0 ? [`${unseen} acknowledged events were not decided and settled in the views ${TAIL_MS / 1000} s after the last`] : []),
        ...(watched.length < sent ? [`${sent - watched.length} events were not acknowledged`] : []),
      ],
    }
  },
}

const delaysOf = ({ answeredMs, receiptMs, verdictMs }: Watched) => [
  receiptMs === null ? null : Math.round(receiptMs - answeredMs),
  verdictMs === null ? null : Math.round(verdictMs - answeredMs),
]

function delayRow(name: string, values: readonly (number | null)[]): string[] {
  const sorted = Float64Array.from(values.filter((value) => value !== null)).sort()
  return [name, String(sorted.length), ...[percentile(sorted, 0.5), percentile(sorted, 0.99), sorted.at(-1) ?? Number.NaN].map((value) => numberText(value))]
}

type Pace = { perSecond: number; seconds: number; warmUpSeconds: number }

/** Registrations and deposits in turn, by the clock, whatever the answers do. */
async function sendSteadily(call: BenchCall, stack: RunningStack, { perSecond, seconds, warmUpSeconds }: Pace, watched: Watched[]) {
  const warmUp = Math.floor(perSecond * warmUpSeconds)
  const total = warmUp + Math.floor(perSecond * seconds)
  const sender = await senderOf(stack)
  const run = Date.now().toString(36)
  const fieldsOf = (number: number): Record<string, string> =>
    number % 2 === 0 || number < DEPOSIT_LATER
      ? { event: 'registration', player_id: `${run}-${number}`, promo_code: sender.promoCode }
      : {
          event: 'deposit',
          external_event_id: `${run}-${number}`,
          player_id: `${run}-${number - DEPOSIT_LATER + 1}`,
          amount: '25.00',
          currency: sender.currency,
        }
  call.say(`sending ${perSecond} events per second for ${seconds} s, after ${warmUpSeconds} s that do not count`)
  const open = new Set<Promise<void>>()
  const startMs = performance.now()
  let latenessMs = 0
  let sent = 0
  while (sent < total) {
    const nowMs = performance.now()
    const due = Math.min(total, Math.floor(((nowMs - startMs) / 1000) * perSecond))
    if (due > sent) latenessMs = Math.max(latenessMs, nowMs - startMs - (sent / perSecond) * 1000)
    for (; sent < due; sent++) {
      const counts = sent >= warmUp
      const one: Promise<void> = postEvent(stack.ingestUrl, sender, fieldsOf(sent))
        .then((answer) => void (answer !== null && watched.push({ ...answer, counts, receiptMs: null, verdictMs: null })))
        .finally(() => open.delete(one))
      open.add(one)
    }
    await sleep(TICK_MS)
  }
  await Promise.all(open)
  return { sent, latenessMs }
}

/** Looks for what was acknowledged and not yet seen, until the sending has ended and all is seen, or the tail is over. */
async function pollViews(stack: RunningStack, watched: Watched[], polls: number[], sendingEnded: AbortSignal): Promise<void> {
  let open: Watched[] = []
  let taken = 0
  let tailEndMs = Number.POSITIVE_INFINITY
  for (;;) {
    const startMs = performance.now()
    const hasEnded = sendingEnded.aborted
    if (hasEnded && tailEndMs === Number.POSITIVE_INFINITY) tailEndMs = startMs + TAIL_MS
    open = [...open, ...watched.slice(taken)]
    taken = watched.length
    if (open.length > 0) await look(stack, open, polls)
    open = open.filter(({ receiptMs, verdictMs }) => receiptMs === null || verdictMs === null)
    if (hasEnded && (open.length === 0 || performance.now() > tailEndMs)) return
    await sleep(Math.max(1, startMs + POLL_MS - performance.now()))
  }
}

async function look({ clickhouseUrl }: RunningStack, open: Watched[], polls: number[]): Promise<void> {
  const startMs = performance.now()
  const receipts = open.filter(({ receiptMs }) => receiptMs === null).slice(0, IDS_MAX)
  const verdicts = open.filter(({ verdictMs }) => verdictMs === null).slice(0, IDS_MAX)
  const [decided, settled] = await Promise.all([
    seen(
      clickhouseUrl,
      receipts.map(({ receiptId }) => receiptId),
      (ids) => `SELECT receipt_id FROM tributary_v1.receipts WHERE receipt_id IN (${ids}) AND disposition != 'accepted'`,
    ),
    seen(
      clickhouseUrl,
      verdicts.map(({ eventId }) => eventId),
      (ids) => `SELECT subject_id FROM tributary_v1.verdicts WHERE subject_type = 'event' AND subject_id IN (${ids}) AND settled`,
    ),
  ])
  const nowMs = performance.now()
  polls.push(nowMs - startMs)
  for (const one of receipts) if (decided.has(one.receiptId)) one.receiptMs = nowMs
  for (const one of verdicts) if (settled.has(one.eventId)) one.verdictMs = nowMs
}

async function seen(clickhouseUrl: string, ids: string[], queryOf: (ids: string) => string): Promise<Set<string>> {
  if (ids.length === 0) return new Set()
  const rows = await queryRows(clickhouseUrl, queryOf(ids.map((id) => `'${id}'`).join(',')))
  return new Set(rows.map(([id]) => id ?? ''))
}

if (import.meta.main) process.exitCode = await runBench(delay, process.argv.slice(2))
