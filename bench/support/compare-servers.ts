import type { BenchCall, NumberOption } from './bench.ts'
import type { Edge, Server } from './edge.ts'
import { type LoadResult, startLoadProcess } from './load-process.ts'
import { cpuMicros } from './proc.ts'
import { numberText, spreadTexts, type Table } from './report.ts'
import { ratioSpread, spreadOf } from './statistics.ts'

/** One run of one server between the runs of the other. */
export type Round = {
  server: string
  connections: number
  perSecond: number
  p50Ms: number
  p99Ms: number
  serverMicrosPerRequest: number
  brokerMicrosPerRequest: number
  /** CPU of the load generator, of one core. */
  generatorShare: number
  load: LoadResult
}

/** The warm-ups are not among the rounds, but their answers count: they are in the log too. */
export type Compared = { rounds: Round[]; answeredByIngest: number }

export const compareNumbers: Record<string, NumberOption> = {
  rounds: { default: 5, min: 1, max: 20, help: 'runs of each server' },
  seconds: { default: 4, min: 0.2, max: 60, help: 'length of a run' },
}
export const CONNECTIONS = [32, 256]

const WARM_UP_MS = 1_500

/** The same load on both servers in turns, at each number of connections. */
export async function compareServers(call: BenchCall, edge: Edge, template: string, expectedStatus: string): Promise<Compared> {
  const { rounds = 0, seconds = 0 } = call.numbers
  const load = startLoadProcess()
  call.onEnd(() => load.stop())
  let firstNumber = 0
  const measure = async (server: Server, connections: number, durationMs: number): Promise<Round> => {
    const before = { server: cpuMicros(server.pid) ?? 0, broker: cpuMicros(edge.brokerPid) ?? 0 }
    const result = await load.run({ kind: 'closed', port: server.port, template, connections, durationMs, firstNumber })
    firstNumber += result.sent
    const unexpected = Object.keys(result.byStatus).filter((status) => status !== expectedStatus)
    if (unexpected.length > 0) throw new Error(`${server.name} answered ${JSON.stringify(result.byStatus)}, not only ${expectedStatus}`)
    return roundOf(server, connections, result, {
      server: (cpuMicros(server.pid) ?? 0) - before.server,
      broker: (cpuMicros(edge.brokerPid) ?? 0) - before.broker,
    })
  }
  const measured: Round[] = []
  let answeredByIngest = 0
  const count = (round: Round): Round => {
    if (round.server === edge.ingest.name) answeredByIngest += round.load.answered
    return round
  }
  for (const connections of CONNECTIONS) {
    for (const server of [edge.ingest, edge.noOp]) count(await measure(server, connections, WARM_UP_MS))
    for (let round = 1; round <= rounds; round++) {
      for (const server of [edge.ingest, edge.noOp]) measured.push(count(await measure(server, connections, seconds * 1000)))
      const [ours, theirs] = measured.slice(-2)
      call.say(`${connections} connections, round ${round}: ingest ${numberText(ours?.perSecond ?? 0)}/s, no-op ${numberText(theirs?.perSecond ?? 0)}/s`)
    }
  }
  return { rounds: measured, answeredByIngest }
}

function roundOf(server: Server, connections: number, load: LoadResult, cpu: { server: number; broker: number }): Round {
  return {
    server: server.name,
    connections,
    perSecond: (load.answeredInTime / load.elapsedMs) * 1000,
    p50Ms: load.p50Ms,
    p99Ms: load.p99Ms,
    serverMicrosPerRequest: cpu.server / load.answered,
    brokerMicrosPerRequest: cpu.broker / load.answered,
    generatorShare: load.cpuMicros / (load.elapsedMs * 1000),
    load,
  }
}

/** One row per server and number of connections, and the ratio of the rounds that ran side by side. */
export function comparisonTables(rounds: readonly Round[]): Table[] {
  const speeds: string[][] = []
  const ratios: string[][] = []
  for (const connections of CONNECTIONS) {
    const of = (server: string) => rounds.filter((round) => round.connections === connections && round.server === server)
    for (const server of ['ingest', 'no-op']) speeds.push(speedRow(server, connections, of(server)))
    const perSecond = (server: string) => of(server).map((round) => round.perSecond)
    ratios.push([String(connections), ...spreadTexts(ratioSpread(perSecond('ingest'), perSecond('no-op')), 2)])
  }
  return [
    {
      title: 'answers per second',
      head: ['server', 'connections', 'min', 'median', 'max', 'p50 ms', 'p99 ms', 'server CPU us/req', 'broker CPU us/req', 'generator, % of a core'],
      rows: speeds,
    },
    { title: 'ingest / no-op, round by round', head: ['connections', 'min', 'median', 'max'], rows: ratios },
  ]
}

function speedRow(server: string, connections: number, rounds: readonly Round[]): string[] {
  const middle = (valueOf: (round: Round) => number) => spreadOf(rounds.map(valueOf)).median
  return [
    server,
    String(connections),
    ...spreadTexts(spreadOf(rounds.map((round) => round.perSecond))),
    numberText(
      middle((round) => round.p50Ms),
      1,
    ),
    numberText(
      middle((round) => round.p99Ms),
      1,
    ),
    numberText(
      middle((round) => round.serverMicrosPerRequest),
      1,
    ),
    server === 'no-op'
      ? '-'
      : numberText(
          middle((round) => round.brokerMicrosPerRequest),
          1,
        ),
    numberText(middle((round) => round.generatorShare) * 100),
  ]
}
