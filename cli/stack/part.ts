/** A program of the stack: how it is started, how one can tell that it serves, how long it may take to end. */
export type Part = {
  name: string
  command: string
  args: string[]
  env: Record<string, string>
  cwd: string
  /** Runs before each start, such as the formatting of a data folder; does nothing when there is nothing to do. */
  prepare?: () => Promise<void>
  isServing: (output: string) => Promise<boolean>
  readyMs: number
  stopMs: number
}
