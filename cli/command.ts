import type { ParseArgsConfig } from 'node:util'
import type { Config } from '../runtime/config.ts'

/** One command of `tributary`; its file in `commands/` has its name and is loaded only when it is called. */
export type Command = {
  name: string
  /** One line for the list of commands. */
  summary: string
  /** Name and arguments, as a person types them. */
  usage: string
  examples: string[]
  options: NonNullable<ParseArgsConfig['options']>
  /** @returns 0 done, 1 failed, 2 used wrongly */
  run(call: CommandCall): Promise<ExitCode>
}

export type ExitCode = 0 | 1 | 2

export type CommandCall = {
  values: Readonly<Record<string, unknown>>
  positionals: readonly string[]
  /** The result goes to `out` as JSON, for programs. */
  json: boolean
  out(text: string): void
  /** Progress, warnings and what went wrong. */
  err(text: string): void
  config: Config
  env: Readonly<Record<string, string | undefined>>
}
