import { messageOf } from '../../runtime/lifecycle.ts'
import { NotRunningError } from './addresses.ts'

/** Runs a command; what stands in its way is told in one sentence instead of a stack. */
export async function refusePolitely(err: (text: string) => void, run: () => Promise<0 | 1 | 2>): Promise<0 | 1 | 2> {
  try {
    return await run()
  } catch (error) {
    err(`${error instanceof NotRunningError ? error.message : `this failed: ${messageOf(error)}`}\n`)
    return 1
  }
}
