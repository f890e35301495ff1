import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { PATH_WITH_MODULES, ROOT } from './places.mjs'
import { isShell, parentOf } from './process-identity.mjs'
import { endWork } from './run-step.mjs'
import { setUp } from './set-up.mjs'
import { SetUpError } from './set-up-error.mjs'

/**
 * usage: run.mjs <command> [argument ...], on any Node from 20 and with nothing installed: sets up what the command
 * needs and runs it on the pinned Node. Every npm script comes through here.
 */
const COMMANDS = {
  start: { file: 'cli/main.ts', args: ['start'], needsServices: () => isAnyUnset('KAFKA_BROKERS', 'REDIS_URL') },
  test: { file: 'cli/bootstrap/test.mjs', args: ['test'], needsServices: () => true },
  'test:chaos': { file: 'cli/bootstrap/test.mjs', args: ['chaos'], needsServices: () => true },
  check: { file: 'cli/bootstrap/check.mjs', args: [], needsServices: () => false },
  bench: { file: 'bench/main.ts', args: [], needsServices: () => true },
  tributary: { file: 'cli/main.ts', args: [], needsServices: (args) => args[0] === 'up' && isAnyUnset('KAFKA_BROKERS', 'REDIS_URL') },
}
const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP']
const SIGNAL_EXIT = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 }
/** A Ctrl-C arrives more than once: from the terminal and from npm. */
const SAME_SIGNAL_MS = 1_000
const LOOK_FOR_PARENT_MS = 500

await main(process.argv.slice(2))

async function main([name, ...args]) {
  const command = COMMANDS[name]
  if (command === undefined) {
    process.stderr.write(`usage: node cli/bootstrap/run.mjs ${Object.keys(COMMANDS).join(' | ')} [argument ...]\n`)
    process.exitCode = 2
    return
  }
  let stopping = false
  const stopSetUp = (signal) => {
    if (stopping) return
    stopping = true
    void endWork().finally(() => process.exit(SIGNAL_EXIT[signal]))
  }
  for (const signal of SIGNALS) process.on(signal, stopSetUp)
  try {
    const node = await setUp({ needsServices: command.needsServices(args) })
    if (stopping) return
    for (const signal of SIGNALS) process.off(signal, stopSetUp)
    run(node, [join(ROOT, command.file), ...command.args, ...args])
  } catch (error) {
    if (stopping) return
    process.stderr.write(error instanceof SetUpError ? `\n${error.message}\n` : `${error.stack}\n`)
    process.exitCode = 1
  }
}

function run(node, args) {
  const env = { ...process.env, PATH: PATH_WITH_MODULES, TRIBUTARY_PARENT_PID: String(process.pid) }
  const child = spawn(node, args, { cwd: ROOT, env, stdio: 'inherit' })
  const told = {}
  const tell = (signal) => {
    if (Date.now() - (told[signal] ?? 0) < SAME_SIGNAL_MS) return
    told[signal] = Date.now()
    // A terminal gives Ctrl-C to the child itself.
    if (signal !== 'SIGINT' || process.stdin.isTTY !== true) child.kill(signal)
  }
  for (const signal of SIGNALS) process.on(signal, tell)
  endWithParent(() => child.kill('SIGTERM'))
  child.once('error', (error) => {
    process.stderr.write(`${node} cannot be started: ${error.message}\n`)
    process.exit(1)
  })
  child.once('exit', (code, signal) => process.exit(code ?? SIGNAL_EXIT[signal] ?? 1))
}

/** npm killed without a chance to tell anybody must not leave a stack behind. */
function endWithParent(end) {
  if (process.env.npm_lifecycle_event === undefined) return
  const parent = process.ppid
  // npm starts its scripts through a shell, which outlives it and says nothing.
  const npm = isShell(parent) ? parentOf(parent) : null
  const timer = setInterval(() => {
    if (process.ppid === parent && (npm === null || parentOf(parent) === npm)) return
    clearInterval(timer)
    end()
  }, LOOK_FOR_PARENT_MS)
  timer.unref()
}

function isAnyUnset(...names) {
  return names.some((name) => (process.env[name] ?? '') === '')
}
