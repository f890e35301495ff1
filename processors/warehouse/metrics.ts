import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import type { Insert } from './rows.ts'

/** What the sink tells about itself. */
export type WarehouseMetrics = {
  inserted(insert: Insert, seconds: number): void
  stored(topic: string, lagSeconds: number): void
  deadLettered(topic: string, reason: string): void
  buffered(records: number): void
  replayed(): void
}

const INSERT_SECONDS = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export function createWarehouseMetrics(registry: Registry): WarehouseMetrics {
  const registers = [registry]
  const rows = new Counter({ name: 'tributary_warehouse_rows_total', help: 'Rows written', labelNames: ['table'], registers })
  const batches = new Counter({ name: 'tributary_warehouse_batches_total', help: 'Inserts done', labelNames: ['table'], registers })
  const seconds = new Histogram({
    name: 'tributary_warehouse_insert_seconds',
    help: 'Duration of an insert, retries included',
    labelNames: ['table'],
    buckets: INSERT_SECONDS,
    registers,
  })
  const lag = new Gauge({
    name: 'tributary_warehouse_lag_seconds',
    help: 'From the append of the oldest record of a flush until it can be read in the views',
    labelNames: ['topic'],
    registers,
  })
  const letters = new Counter({
    name: 'tributary_warehouse_dead_letters_total',
    help: 'Records that could not become a row',
    labelNames: ['topic', 'reason'],
    registers,
  })
  const waiting = new Gauge({ name: 'tributary_warehouse_buffered_records', help: 'Records read and not stored yet', registers })
  const replays = new Counter({ name: 'tributary_warehouse_replayed_plans_total', help: 'Plans of a previous owner that were stored again', registers })
  return {
    inserted(insert, duration) {
      rows.inc({ table: insert.table }, insert.rows)
      batches.inc({ table: insert.table })
      seconds.observe({ table: insert.table }, duration)
    },
    stored: (topic, lagSeconds) => lag.set({ topic }, lagSeconds),
    deadLettered: (topic, reason) => letters.inc({ topic, reason }),
    buffered: (records) => waiting.set(records),
    replayed: () => replays.inc(),
  }
}
