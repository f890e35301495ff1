import { spawn } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { RecordedAnswers } from '../record-answers/main.ts'
import type { BenchCall } from './bench.ts'
import type { RunningStack } from './running-stack.ts'

export type Simulated = { code: number; summary: SimulatorSays; answers: RecordedAnswers }
type SimulatorSays = { sent: number; accepted: number; rejected: number; failed: number; skipped: number; repeats: number; by_kind: Record<string, number> }

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const RECORDER = new URL('../record-answers/main.ts', import.meta.url).href

/** `tributary simulate` against a deployment, with its answers read along. */
export async function simulate(call: BenchCall, stack: RunningStack, traffic: { seed: number; events: number; perSecond: number }): Promise<Simulated> {
  const file = join(stack.dataDir, 'bench-answers.json')
  const rate = traffic.perSecond > 0 ? ['--rate', `${traffic.perSecond}/s`] : []
  const args = ['--import', RECORDER, 'cli/main.ts', 'simulate', '--json', '--seed', String(traffic.seed), '--events', String(traffic.events), ...rate]
  const env = { ...process.env, TRIBUTARY_DATA: stack.dataDir, TRIBUTARY_CATALOG: join(ROOT, 'catalog'), BENCH_ANSWERS_FILE: file }
  for (const name of ['KAFKA_BROKERS', 'REDIS_URL', 'CLICKHOUSE_URL']) delete (env as NodeJS.ProcessEnv)[name]
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'inherit'] })
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
  const code = new Promise<number>((resolve) => child.once('close', (exit) => resolve(exit ?? 1)))
  call.onEnd(async () => {
    child.kill('SIGKILL')
    await code
  })
  const exit = await code
  if (out === '') throw new Error(`the simulator ended with ${exit} and said nothing`)
  return { code: exit, summary: JSON.parse(out) as SimulatorSays, answers: JSON.parse(await readFile(file, 'utf8')) as RecordedAnswers }
}
