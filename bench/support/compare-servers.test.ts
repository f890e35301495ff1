import { expect, it } from 'vitest'
import { CONNECTIONS, comparisonTables, type Round } from './compare-servers.ts'

const round = (server: string, connections: number, perSecond: number): Round => ({
  server,
  connections,
  perSecond,
  p50Ms: 1,
  p99Ms: 2,
  serverMicrosPerRequest: 30,
  brokerMicrosPerRequest: 5,
  generatorShare: 0.5,
  load: {
    sent: 0,
    answered: 0,
    answeredInTime: 0,
    elapsedMs: 0,
    byStatus: {},
    broken: 0,
    givenUp: 0,
    p50Ms: 0,
    p99Ms: 0,
    maxMs: 0,
    cpuMicros: 0,
  },
})

it('the ratio is of the rounds side by side, and both servers have a row for each number of connections', () => {
  const rounds = CONNECTIONS.flatMap((connections) => [
    round('ingest', connections, 600),
    round('no-op', connections, 1_000),
    round('ingest', connections, 40),
    round('no-op', connections, 100),
    round('ingest', connections, 500),
    round('no-op', connections, 1_000),
  ])
  const [speeds, ratios] = comparisonTables(rounds)
  expect(ratios?.rows).toEqual([
    ['32', '0.40', '0.50', '0.60'],
    ['256', '0.40', '0.50', '0.60'],
  ])
  expect(speeds?.rows[0]).toEqual(['ingest', '32', '40', '500', '600', '1.0', '2.0', '30.0', '5.0', '50'])
  expect(speeds?.rows.map((row) => `${row[0]} ${row[1]}`)).toEqual(['ingest 32', 'no-op 32', 'ingest 256', 'no-op 256'])
})
