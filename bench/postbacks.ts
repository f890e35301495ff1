import { CRM_TOKEN } from '../test/support/ingest-process.ts'
import { type Bench, runBench } from './support/bench.ts'
import { compareNumbers, compareServers, comparisonTables } from './support/compare-servers.ts'
import { startEdge } from './support/edge.ts'

/** Seven parameters, and another event each time, so that nothing is a repeat. */
const parameters = [
  `token=${CRM_TOKEN}`,
  'event=deposit',
  'external_event_id=b{n}',
  'player_id=p{m}',
  'amount=25.00',
  'currency=USD',
  `occurred_at=${new Date(Date.now() - 3_600_000).toISOString()}`,
]
const REQUEST = `GET /v1/postbacks/crm?${parameters.join('&')} HTTP/1.1\r\nhost: localhost\r\n\r\n`

export const postbacks: Bench = {
  name: 'postbacks',
  summary: 'postbacks per second, each answered after acks=all on a real broker, beside a fastify that answers the same and does nothing',
  numbers: compareNumbers,
  texts: {},
  async run(call) {
    const edge = await startEdge(call)
    const { rounds, answeredByIngest } = await compareServers(call, edge, REQUEST, '200')
    const records = await edge.records('player-events')
    const spilled = await edge.metric('tributary_spill_records')
    return {
      tables: comparisonTables(rounds),
      notes: [
        `${answeredByIngest} postbacks answered, ${records} records in the log, ${spilled} on disk; the answers of the no-op are as long as the real ones`,
      ],
      data: { rounds, answeredByIngest, records, spilled },
      failures: records + spilled < answeredByIngest ? [`${answeredByIngest - records - spilled} answered postbacks are not in the log`] : [],
    }
  },
}

if (import.meta.main) process.exitCode = await runBench(postbacks, process.argv.slice(2))
