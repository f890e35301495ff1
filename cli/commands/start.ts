import { kafkaJarsFolder } from '../bootstrap/cache-folder.mjs'
import type { Command, CommandCall } from '../command.ts'
import { runStack } from '../stack/supervisor.ts'

const PARENT_POLL_MS = 500

/** `npm start`: the whole stack in the foreground. */
export const command: Command = {
  name: 'start',
  summary: 'run the stack, the processes, the page and simulated traffic until Ctrl-C',
  usage: 'start [--no-traffic]',
  examples: ['start', 'start --no-traffic'],
  options: { 'no-traffic': { type: 'boolean' } },
  async run(call) {
    if (call.positionals.length > 0) {
      call.err(`start takes no argument, it got "${call.positionals[0]}"\n`)
      return 2
    }
    const ending = endingOfThisProcess(call.env)
    try {
      await runStack({
        config: call.config,
        env: process.env,
        jars: call.env.TRIBUTARY_KAFKA_JARS ?? kafkaJarsFolder(call.env),
        traffic: call.values['no-traffic'] !== true,
        signal: ending.signal,
        say: sayer(call),
        ready: (ingestUrl, consoleUrl) => announce(call, ingestUrl, consoleUrl),
      })
      return 0
    } finally {
      ending.close()
    }
  },
}

/** Ctrl-C reaches this process from the terminal and again through npm: only the first one counts. */
function endingOfThisProcess(env: CommandCall['env']): { signal: AbortSignal; close(): void } {
  const controller = new AbortController()
  const end = () => controller.abort(new Error('interrupted'))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, end)
  const parent = Number(env.TRIBUTARY_PARENT_PID ?? 0)
  // Whoever started this in the foreground and was killed cannot pass a signal on.
  const timer = setInterval(() => {
    if (parent > 0 && process.ppid !== parent) end()
  }, PARENT_POLL_MS)
  return { signal: controller.signal, close: () => clearInterval(timer) }
}

function sayer({ err }: CommandCall): (text: string) => void {
  const startedMs = Date.now()
  return (text) => err(`[${((Date.now() - startedMs) / 1000).toFixed(1).padStart(5)} s] ${text}\n`)
}

function announce({ out, err }: CommandCall, ingestUrl: string, consoleUrl: string): void {
  out(`tributary ready ${ingestUrl} ${consoleUrl}\n`)
  err(`\n  live page   ${consoleUrl}/\n  ingest      ${ingestUrl}   (API: ${ingestUrl}/openapi.json)\n  Ctrl-C stops everything, in order.\n\n`)
}
