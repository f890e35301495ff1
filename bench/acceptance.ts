import { type Bench, runBench } from './support/bench.ts'
import { conservation, doesHold, type Equation } from './support/conservation.ts'
import { type Kill, killEach } from './support/kill-each.ts'
import { readLog } from './support/log-contents.ts'
import { numberText, type Table } from './support/report.ts'
import { runningStack } from './support/running-stack.ts'
import { simulate } from './support/simulate.ts'

export const acceptance: Bench = {
  name: 'acceptance',
  summary: 'a large run of the simulator while every process is killed once with -9, and then what must be equal',
  numbers: {
    seed: { default: 1, min: 0, max: 1e9, help: 'seed of the traffic' },
    events: { default: 500_000, min: 100, max: 5_000_000, help: 'messages of the simulator, clicks included' },
    rate: { default: 0, min: 0, max: 100_000, help: 'messages per second; 0 is as fast as they are taken' },
    'wait-seconds': { default: 1_800, min: 10, max: 14_400, help: 'how long everything may take to be done afterwards' },
  },
  texts: {},
  async run(call) {
    const { seed = 0, events = 0, rate = 0 } = call.numbers
    const stack = await runningStack(call, undefined)
    const trafficEnded = new AbortController()
    const startedMs = performance.now()
    call.say(`sending ${events} messages`)
    const sending = simulate(call, stack, { seed, events, perSecond: rate }).finally(() => trafficEnded.abort())
    // Both are waited for: an error of the one must not leave the other running.
    const [sent, killed] = await Promise.allSettled([sending, killEach(call, stack, events, trafficEnded.signal)])
    if (sent.status === 'rejected') throw sent.reason
    if (killed.status === 'rejected') throw killed.reason
    const trafficS = (performance.now() - startedMs) / 1000
    call.say('waiting until everything is done')
    await stack.own?.wait(call.numbers['wait-seconds'])
    const doneS = (performance.now() - startedMs) / 1000
    call.say('reading the log and the views')
    const log = await readLog(stack.kafkaBrokers)
    const equations = await conservation(stack.clickhouseUrl, sent.value, log)
    const { summary, code } = sent.value
    return {
      tables: [killTable(killed.value), equationTable(equations)],
      notes: [
        `seed ${seed}: ${numberText(summary.sent)} messages sent and killed through in ${numberText(trafficS, 1)} s, ${numberText(summary.repeats)} of them exact repeats; everything done after ${numberText(doneS, 1)} s`,
        `in the log ${numberText(log.clicks)} clicks, ${numberText(log.events)} events (more than were acknowledged where an answer was lost and the sender asked again), ${numberText(log.ticks)} ticks, ${numberText(log.ledgerEntryIds.size)} entries of the ledger`,
      ],
      data: { summary, trafficS, doneS, kills: killed.value, equations, log: { clicks: log.clicks, events: log.events, ticks: log.ticks } },
      failures: [
        ...(code === 0 ? [] : [`the simulator ended with ${code}`]),
        ...equations.filter((equation) => !doesHold(equation)).map(({ says, left, right }) => `${says}: ${left} and ${right}`),
      ],
    }
  },
}

function killTable(kills: readonly Kill[]): Table {
  const rows = kills.map(({ name, atRecords, duringTraffic, backMs }) => [
    name,
    numberText(atRecords),
    duringTraffic ? 'yes' : 'no',
    numberText(backMs / 1000, 1),
  ])
  return { title: 'killed with -9', head: ['process', 'after records', 'under load', 'another process after s'], rows }
}

function equationTable(equations: readonly Equation[]): Table {
  const rows = equations.map((equation) => [
    equation.says,
    numberText(equation.left),
    numberText(equation.right),
    doesHold(equation) ? 'holds' : 'DOES NOT HOLD',
  ])
  return { title: 'what must be equal', head: ['equation', 'left', 'right', ''], rows }
}

if (import.meta.main) process.exitCode = await runBench(acceptance, process.argv.slice(2))
