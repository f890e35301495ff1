import { Counter, Gauge, Histogram, type Registry } from 'prom-client'

export type Lane = 'redirects' | 'clicks' | 'events'
export type Outcome = 'received' | 'accepted' | 'rejected' | 'unavailable' | 'limited'

/** What the edge measures. No label ever holds something that a sender chose freely. */
export type IngestMetrics = {
  count(lane: Lane, outcome: Outcome, quantity: number): void
  problem(route: string, code: string): void
  stored(where: 'log' | 'spill', quantity: number): void
  clicksDropped(quantity: number): void
  answered(route: string, seconds: number): void
}

export type IngestGauges = {
  spill: () => { bytes: number; records: number; oldestAtMs: number | null }
  clickQueue: () => number
  inFlight: () => number
  producerDepth: () => number
  isLogAway: () => boolean
  now: () => number
}

const ANSWER_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export function createIngestMetrics(registry: Registry): IngestMetrics {
  const registers = [registry]
  const items = new Counter({
    name: 'tributary_edge_items_total',
    help: 'Clicks and events at the edge; received = accepted + rejected + unavailable + limited',
    labelNames: ['lane', 'outcome'],
    registers,
  })
  const problems = new Counter({
    name: 'tributary_edge_problems_total',
    help: 'Answers and items that told a problem',
    labelNames: ['route', 'code'],
    registers,
  })
  const stored = new Counter({
    name: 'tributary_edge_stored_total',
    help: 'Records that are durable, by the place that took them first',
    labelNames: ['where'],
    registers,
  })
  const dropped = new Counter({
    name: 'tributary_clicks_dropped_total',
    help: 'Answered clicks whose record was lost because queue and spill were full',
    registers,
  })
  const seconds = new Histogram({
    name: 'tributary_edge_answer_seconds',
    help: 'Time to the answer',
    labelNames: ['route'],
    buckets: ANSWER_BUCKETS_S,
    registers,
  })
  for (const lane of ['redirects', 'clicks', 'events'])
    for (const outcome of ['received', 'accepted', 'rejected', 'unavailable', 'limited']) items.inc({ lane, outcome }, 0)
  return {
    count(lane, outcome, quantity) {
      if (quantity === 0) return
      items.inc({ lane, outcome: 'received' }, quantity)
      items.inc({ lane, outcome }, quantity)
    },
    problem: (route, code) => problems.inc({ route, code }),
    stored: (where, quantity) => stored.inc({ where }, quantity),
    clicksDropped: (quantity) => dropped.inc(quantity),
    answered: (route, elapsed) => seconds.observe({ route }, elapsed),
  }
}

export function registerGauges(registry: Registry, gauges: IngestGauges): void {
  const gauge = (name: string, help: string, read: () => number) =>
    new Gauge({
      name,
      help,
      registers: [registry],
      collect() {
        this.set(read())
      },
    })
  gauge('tributary_spill_bytes', 'Bytes on disk that wait for the log', () => gauges.spill().bytes)
  gauge('tributary_spill_records', 'Records on disk that wait for the log', () => gauges.spill().records)
  gauge('tributary_spill_oldest_seconds', 'Age of the oldest of them', () => {
    const { oldestAtMs } = gauges.spill()
    return oldestAtMs === null ? 0 : (gauges.now() - oldestAtMs) / 1000
  })
  gauge('tributary_click_queue_records', 'Answered clicks that are not durable yet', gauges.clickQueue)
  gauge('tributary_edge_in_flight', 'Events and clicks that wait for their answer', gauges.inFlight)
  gauge('tributary_producer_records', 'Records that wait for their acknowledgement', gauges.producerDepth)
  gauge('tributary_log_away', '1 while the log does not answer in time', () => (gauges.isLogAway() ? 1 : 0))
}
