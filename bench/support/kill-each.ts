import { setTimeout as sleep } from 'node:timers/promises'
import { createKafkaAdmin, type KafkaAdmin } from '../../cli/pipeline/kafka-admin.ts'
import { topics } from '../../schemas/topics.ts'
import { isAlive } from '../../test/support/deployment.ts'
import { until } from '../../test/support/until.ts'
import type { BenchCall } from './bench.ts'
import type { RunningStack } from './running-stack.ts'

export type Kill = { name: string; atRecords: number; duringTraffic: boolean; backMs: number }

/** The services last: while one of them is away, everything else waits for it. */
const ORDER = ['ingest', 'attribution', 'fraud', 'commission', 'warehouse', 'console', 'redis', 'clickhouse', 'kafka']
const BACK_MS = 60_000
/** Between two kills, so that the one before has work in hand again. */
const CALM_MS = 5_000
const LOOK_MS = 500

/** Kills each process once with -9, spread over the records that are to come; what is left is killed when the traffic has ended. */
export async function killEach(call: BenchCall, stack: RunningStack, recordsExpected: number, trafficEnded: AbortSignal): Promise<Kill[]> {
  const admin = createKafkaAdmin(stack.kafkaBrokers)
  const kills: Kill[] = []
  let records = 0
  try {
    for (const [index, name] of ORDER.entries()) {
      const wanted = (recordsExpected * (index + 1)) / (ORDER.length + 1)
      records = await recordsSoFar(admin, records)
      while (records < wanted && !trafficEnded.aborted) {
        await sleep(LOOK_MS)
        records = await recordsSoFar(admin, records)
      }
      const duringTraffic = !trafficEnded.aborted
      const backMs = await killOne(stack, name)
      call.say(`killed ${name} after ${records} records, back in ${(backMs / 1000).toFixed(1)} s${duringTraffic ? '' : ' (the traffic had ended)'}`)
      kills.push({ name, atRecords: records, duringTraffic, backMs })
      await sleep(CALM_MS)
    }
  } finally {
    await admin.close()
  }
  return kills
}

async function killOne(stack: RunningStack, name: string): Promise<number> {
  const pidOf = async () => (await stack.pids())[name] ?? 0
  const pid = await until(`${name} runs`, pidOf, (now) => now !== 0 && isAlive(now), BACK_MS)
  process.kill(pid, 'SIGKILL')
  const killedMs = performance.now()
  await until(`${name} is back`, pidOf, (now) => now !== 0 && now !== pid && isAlive(now), BACK_MS)
  return performance.now() - killedMs
}

/** Records of clicks and events in the log; the last known number while the broker is away. */
async function recordsSoFar(admin: KafkaAdmin, known: number): Promise<number> {
  const names = ['clicks', 'player-events'] as const
  const places = names.flatMap((name) => Array.from({ length: topics[name].partitions }, (_, partition) => ({ topic: topics[name].name, partition })))
  try {
    return [...(await admin.latest(places)).values()].reduce((sum, offset) => sum + offset, 0)
  } catch {
    // The broker was killed a moment ago; the next look asks again.
    return known
  }
}
