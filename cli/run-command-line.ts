import { parseArgs, type ParseArgsConfig } from 'node:util'
import { ConfigError, loadConfig } from '../runtime/config.ts'
import { messageOf } from '../runtime/lifecycle.ts'
import type { Command, ExitCode } from './command.ts'

type Output = { env: Readonly<Record<string, string | undefined>>; out(text: string): void; err(text: string): void }

const OK: ExitCode = 0
const FAILED: ExitCode = 1
const USAGE: ExitCode = 2

/** In the order in which a newcomer meets them. */
const LISTED = {
  up: () => import('./commands/up.ts'),
  down: () => import('./commands/down.ts'),
  status: () => import('./commands/status.ts'),
  doctor: () => import('./commands/doctor.ts'),
  wait: () => import('./commands/wait.ts'),
  trace: () => import('./commands/trace.ts'),
  simulate: () => import('./commands/simulate.ts'),
  rebuild: () => import('./commands/rebuild.ts'),
  replay: () => import('./commands/replay.ts'),
} satisfies Record<string, () => Promise<{ command: Command }>>

/** `npm start`; not listed, since it has a script of its own. */
const UNLISTED = { start: () => import('./commands/start.ts') }

const COMMANDS: Record<string, () => Promise<{ command: Command }>> = { ...LISTED, ...UNLISTED }
const COMMON = { json: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const satisfies ParseArgsConfig['options']
const CALL = 'npm run -s tributary --'

export async function runCommandLine(args: readonly string[], output: Output): Promise<ExitCode> {
  const [name = '', ...rest] = args
  if (name === '' || name === '--help' || name === '-h' || name === 'help') {
    output[name === '' ? 'err' : 'out'](await overview())
    return name === '' ? USAGE : OK
  }
  const load = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined
  if (load === undefined) {
    output.err(`there is no command ${JSON.stringify(name)}; the commands are ${Object.keys(LISTED).join(', ')}. See ${CALL} --help\n`)
    return USAGE
  }
  return runCommand((await load()).command, rest, output)
}

async function runCommand(command: Command, args: string[], { env, out, err }: Output): Promise<ExitCode> {
  const parsed = parse(command, args)
  if (typeof parsed === 'string') {
    err(`${parsed}\n\n${helpOf(command)}`)
    return USAGE
  }
  if (parsed.values.help === true) {
    out(helpOf(command))
    return OK
  }
  try {
    const config = loadConfig(env)
    const { json, help: _help, ...values } = parsed.values
    return await command.run({ values, positionals: parsed.positionals, json: json === true, out, err, config, env })
  } catch (error) {
    err(`${error instanceof ConfigError ? error.message : `${command.name} failed: ${messageOf(error)}`}\n`)
    return FAILED
  }
}

type Parsed = { values: Record<string, unknown>; positionals: string[] }

function parse(command: Command, args: string[]): Parsed | string {
  try {
    const { values, positionals } = parseArgs({ args, options: { ...command.options, ...COMMON }, allowPositionals: true, strict: true })
    return { values: { ...values }, positionals }
  } catch (error) {
    // parseArgs throws a TypeError with one sentence for the person; anything else is a defect.
    if (error instanceof TypeError) return error.message
    throw error
  }
}

function helpOf(command: Command): string {
  const examples = command.examples.map((example) => `  ${CALL} ${example}`)
  return `${command.summary}\n\nusage: ${CALL} ${command.usage} [--json]\n\nexamples:\n${examples.join('\n')}\n`
}

async function overview(): Promise<string> {
  const commands = await Promise.all(Object.values(LISTED).map(async (load) => (await load()).command))
  const width = Math.max(...commands.map((command) => command.name.length))
  const lines = commands.map((command) => `  ${command.name.padEnd(width)}  ${command.summary}`)
  return `usage: ${CALL} <command> [--json]\n\n${lines.join('\n')}\n\n<command> --help shows its options and examples. Exit codes: 0 ok, 1 failed, 2 wrong usage.\n`
}
