import { type Bench, runBench } from './support/bench.ts'
import { compareNumbers, compareServers, comparisonTables } from './support/compare-servers.ts'
import { startEdge } from './support/edge.ts'

const USER_AGENT = 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'
const HEAD = ['host: localhost', `user-agent: ${USER_AGENT}`, 'accept-language: en', 'referer: https://blog.example/top-ten', 'x-forwarded-for: {ip}']
const REQUEST = `GET /c/ann-welcome?sub1=bench&affiliate_click_id=b{n} HTTP/1.1\r\n${HEAD.join('\r\n')}\r\n\r\n`

export const redirects: Bench = {
  name: 'redirects',
  summary: 'redirects per second, with a signed click id, enrichment and the click on its way into the log, beside a fastify that answers an empty 302',
  numbers: compareNumbers,
  texts: {},
  async run(call) {
    const edge = await startEdge(call)
    const { rounds, answeredByIngest } = await compareServers(call, edge, REQUEST, '302')
    const dropped = await edge.metric('tributary_clicks_dropped_total')
    const waiting = (await edge.metric('tributary_click_queue_records')) + (await edge.metric('tributary_spill_records'))
    const records = await edge.records('clicks')
    const lost = answeredByIngest - records - waiting - dropped
    return {
      tables: comparisonTables(rounds),
      notes: [
        `${answeredByIngest} redirects answered: ${records} clicks in the log, ${waiting} on their way, ${dropped} dropped and counted because the queue was full`,
      ],
      data: { rounds, answeredByIngest, records, waiting, dropped },
      failures: lost > 0 ? [`${lost} clicks were lost without being counted`] : [],
    }
  },
}

if (import.meta.main) process.exitCode = await runBench(redirects, process.argv.slice(2))
