import { cpus, loadavg, totalmem } from 'node:os'
import { parseArgs } from 'node:util'
import { messageOf } from '../../runtime/lifecycle.ts'
import { markdownFrom, type Table } from './report.ts'

/** One number that a bench takes, with what it may be: every load here is bounded. */
export type NumberOption = { default: number; min: number; max: number; help: string }

export type BenchCall = {
  numbers: Readonly<Record<string, number>>
  texts: Readonly<Record<string, string | undefined>>
  /** Progress, for a person. */
  say(text: string): void
  /** Registers what must be ended, whatever happens; the last is ended first. */
  onEnd(end: () => Promise<unknown>): void
}

export type BenchResult = {
  tables: Table[]
  notes: string[]
  /** Everything measured, raw samples included. */
  data: Record<string, unknown>
  /** What does not hold; none is a success. */
  failures: string[]
}

export type Bench = {
  name: string
  summary: string
  numbers: Record<string, NumberOption>
  texts: Record<string, { help: string }>
  run(call: BenchCall): Promise<BenchResult>
}

const BUSY_LOAD = 1

/** Runs one bench as a program: arguments in, a table out, exit code 0 done, 1 failed, 2 used wrongly. */
export async function runBench(bench: Bench, args: string[]): Promise<number> {
  const parsed = argumentsFrom(bench, args)
  if (typeof parsed === 'string') {
    process.stderr.write(`${parsed}\n\n${helpOf(bench)}`)
    return 2
  }
  if (parsed.help) {
    process.stdout.write(helpOf(bench))
    return 0
  }
  const ends: (() => Promise<unknown>)[] = []
  let ending: Promise<void> | null = null
  const endAll = () =>
    (ending ??= (async () => {
      for (const end of ends.toReversed()) await end().catch((error: unknown) => process.stderr.write(`the end failed: ${messageOf(error)}\n`))
    })())
  // What is started after an interruption is ended at once.
  const onEnd = (end: () => Promise<unknown>) => void (ending === null ? ends.push(end) : end().catch(() => {}))
  const interrupt = (signal: NodeJS.Signals) => void endAll().then(() => process.exit(signal === 'SIGINT' ? 130 : 143))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, interrupt)
  const startedMs = Date.now()
  const say = (text: string) => process.stderr.write(`[${((Date.now() - startedMs) / 1000).toFixed(0).padStart(4)} s] ${text}\n`)
  const machine = { cores: cpus().length, cpu: cpus()[0]?.model ?? '', memoryBytes: totalmem(), node: process.version, loadBefore: loadavg()[0] ?? 0 }
  if (machine.loadBefore > BUSY_LOAD) say(`the machine is busy (load ${machine.loadBefore.toFixed(1)} on ${machine.cores} cores): these figures say little`)
  try {
    const result = await bench.run({ numbers: parsed.numbers, texts: parsed.texts, say, onEnd })
    print(bench, result, { ...parsed, machine, startedMs })
    return result.failures.length === 0 ? 0 : 1
  } catch (error) {
    // What broke because of an interruption is not worth a word.
    if (ending === null) process.stderr.write(`${bench.name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`)
    return 1
  } finally {
    await endAll()
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.off(signal, interrupt)
  }
}

type Parsed = { numbers: Record<string, number>; texts: Record<string, string | undefined>; json: boolean; help: boolean }

/** The arguments, or one sentence about the first that cannot be used. */
export function argumentsFrom(bench: Bench, args: string[]): Parsed | string {
  const names = [...Object.keys(bench.numbers), ...Object.keys(bench.texts)]
  const options = {
    ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    json: { type: 'boolean' as const },
    help: { type: 'boolean' as const, short: 'h' },
  }
  let values: Record<string, string | boolean | undefined>
  try {
    values = { ...parseArgs({ args, options, strict: true }).values }
  } catch (error) {
    if (error instanceof TypeError) return error.message
    throw error
  }
  const numbers: Record<string, number> = {}
  for (const [name, option] of Object.entries(bench.numbers)) {
    const text = values[name]
    const value = text === undefined ? option.default : Number(text)
    if (!(value >= option.min && value <= option.max)) return `--${name} wants a number from ${option.min} to ${option.max}; it got "${String(text)}"`
    numbers[name] = value
  }
  const texts = Object.fromEntries(Object.keys(bench.texts).map((name) => [name, values[name] as string | undefined]))
  return { numbers, texts, json: values.json === true, help: values.help === true }
}

function helpOf(bench: Bench): string {
  const numbers = Object.entries(bench.numbers).map(
    ([name, { default: value, min, max, help }]) => `  --${name} N`.padEnd(22) + `${help} (${value}; ${min} to ${max})`,
  )
  const texts = Object.entries(bench.texts).map(([name, { help }]) => `  --${name} TEXT`.padEnd(22) + help)
  const json = '  --json'.padEnd(22) + 'one JSON line with every sample on stdout; the tables go to stderr'
  return `${bench.summary}\n\nusage: npm run bench -- ${bench.name} [options]\n\n${[...numbers, ...texts, json].join('\n')}\n`
}

type Context = Parsed & { machine: { loadBefore: number }; startedMs: number }

function print(bench: Bench, result: BenchResult, { json, numbers, texts, machine, startedMs }: Context): void {
  const loads = `load of the machine before ${machine.loadBefore.toFixed(1)}, after ${(loadavg()[0] ?? 0).toFixed(1)}`
  const lines = [...result.tables.map(markdownFrom), ...result.notes, loads, ...result.failures.map((failure) => `FAILED: ${failure}`)]
  const text = `\n## ${bench.name}\n\n${lines.join('\n')}\n`
  if (!json) {
    process.stdout.write(text)
    return
  }
  process.stderr.write(text)
  const whole = {
    bench: bench.name,
    at: new Date(startedMs).toISOString(),
    settings: { ...numbers, ...texts },
    machine: { ...machine, loadAfter: loadavg()[0] ?? 0 },
  }
  process.stdout.write(`${JSON.stringify({ ...whole, ...result.data, failures: result.failures })}\n`)
}
