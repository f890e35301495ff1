import { runClosedLoop, runOpenLoop } from '../support/http-load.ts'
import type { LoadJob } from '../support/load-process.ts'

/** A process of its own, so that its share of the CPU can be told and its pauses are not those of whoever measures. */
process.on('message', (job: LoadJob) => {
  const before = process.cpuUsage()
  const run = job.kind === 'closed' ? runClosedLoop(job) : runOpenLoop(job)
  run.then(
    (answers) => {
      const { user, system } = process.cpuUsage(before)
      process.send?.({ result: { ...answers, cpuMicros: user + system } })
    },
    (error: unknown) => process.send?.({ error: error instanceof Error ? error.message : String(error) }),
  )
})
process.on('disconnect', () => process.exit(0))
