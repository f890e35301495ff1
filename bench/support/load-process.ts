import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import type { LoadAnswers } from './http-load.ts'

type Target = {
  port: number
  /** Request as it goes over the wire; `{n}` counts the requests, `{m}` counts to 5,000 and around, `{ip}` is an address made of it. */
  template: string
  connections: number
  durationMs: number
  firstNumber: number
}
/** closed: each connection sends again when it was answered. open: so many a second, whatever the answers do. */
export type LoadJob = ({ kind: 'closed' } & Target) | ({ kind: 'open'; perSecond: number } & Target)
export type LoadResult = LoadAnswers & { cpuMicros: number }

export type LoadProcess = { pid: number; run(job: LoadJob): Promise<LoadResult>; stop(): Promise<void> }

const FILE = fileURLToPath(new URL('../load-generator/main.ts', import.meta.url))

export function startLoadProcess(): LoadProcess {
  const child = fork(FILE, { stdio: 'inherit' })
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  return {
    pid: child.pid ?? 0,
    run(job) {
      return new Promise((resolve, reject) => {
        const onExit = () => reject(new Error('the load generator ended'))
        child.once('exit', onExit)
        child.once('message', (message: { result?: LoadResult; error?: string }) => {
          child.off('exit', onExit)
          if (message.result === undefined) reject(new Error(message.error))
          else resolve(message.result)
        })
        child.send(job)
      })
    },
    async stop() {
      child.kill('SIGKILL')
      await gone
    },
  }
}
