import type { Command } from '../command.ts'
import { connectPipeline } from '../pipeline/connect.ts'
import { DURATION_FORM, durationMsFromText } from '../pipeline/duration.ts'
import { openInWords } from '../pipeline/open-work.ts'
import { createProgress } from '../pipeline/progress.ts'
import { refusePolitely } from '../pipeline/refuse.ts'
import { waitUntilSettled } from '../pipeline/wait-until-settled.ts'

const TIMEOUT_DEFAULT = '60s'

export const command: Command = {
  name: 'wait',
  summary: 'wait until everything that was acknowledged has its effect and shows in the views',
  usage: 'wait [--timeout 60s]',
  examples: ['wait', 'wait --timeout 5m', 'wait --timeout 10s --json'],
  options: { timeout: { type: 'string' } },
  async run({ values, positionals, json, out, err, config }) {
    const given = typeof values.timeout === 'string' ? values.timeout : TIMEOUT_DEFAULT
    const timeoutMs = durationMsFromText(given)
    if (timeoutMs === null) {
      err(`--timeout is "${given}", which cannot be used: it accepts ${DURATION_FORM}\n`)
      return 2
    }
    if (positionals.length > 0) {
      err(`wait takes no argument, it got "${positionals[0]}"\n`)
      return 2
    }
    return refusePolitely(err, async () => {
      const view = await connectPipeline(config)
      const progress = createProgress(err)
      try {
        const { done, open, elapsedMs } = await waitUntilSettled(view, {
          timeoutMs,
          onLook: (found, elapsed) =>
            progress.show(`${(elapsed / 1000).toFixed(0)} s: ${found.length === 0 ? 'everything is done, looking once more' : openInWords(found)}`),
        })
        progress.end()
        if (json) out(`${JSON.stringify({ done, elapsed_ms: Math.round(elapsedMs), open })}\n`)
        else if (done) out(`everything is done, after ${(elapsedMs / 1000).toFixed(1)} s\n`)
        else err(`the time is over after ${given}; still open: ${openInWords(open)}\n`)
        return done ? 0 : 1
      } finally {
        progress.end()
        await view.close()
      }
    })
  },
}
