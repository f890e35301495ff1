import type { ParseArgsConfig } from 'node:util'
import type { Config } from '../runtime/config.ts'

export type ExitCode = 0 | 1 | 2

/** One word of `tributary`: a file in `commands/`. */
export type Command = {
  name: string
  summary: string
  /** Without the program's name. */
  usage: string
  examples: string[]
  /** As `parseArgs` of node:util takes them; --json and --help are everybody's. */
  options: NonNullable<ParseArgsConfig['options']>
  run(call: CommandCall): Promise<ExitCode>
}

export type CommandCall = {
  values: Record<string, string | boolean | (string | boolean)[] | undefined>
  positionals: string[]
  json: boolean
  /** Data, on stdout. */
  out: (text: string) => void
  /** Progress and complaints, on stderr. */
  err: (text: string) => void
  config: Config
  /** The environment as it is: names of secrets that the catalog refers to. */
  env: Record<string, string | undefined>
}
