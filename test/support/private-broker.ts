import { type ChildProcess, spawn } from 'node:child_process'
import { kafkaJarsFolder } from '../../cli/bootstrap/cache-folder.mjs'
import { answersTcp } from '../../cli/stack/answers.ts'
import { freePorts } from '../../cli/stack/free-port.ts'
import { kafkaPart } from '../../cli/stack/kafka.ts'
import { until } from './until.ts'

/** A broker of one test, which may stop, wake, kill and start it without harm to others. */
export type PrivateBroker = {
  brokers: string
  start(): Promise<void>
  signal(signal: NodeJS.Signals): void
  /** kill -9, and waits for the end. */
  kill(): Promise<void>
}

export async function createPrivateBroker(folder: string): Promise<PrivateBroker> {
  const [port = 0, controllerPort = 0] = await freePorts(2)
  const part = kafkaPart({ folder, port, controllerPort, jars: kafkaJarsFolder(process.env) })
  let child: ChildProcess | null = null
  return {
    brokers: `127.0.0.1:${port}`,
    async start() {
      await part.prepare?.()
      child = spawn(part.command, part.args, { cwd: part.cwd, stdio: 'ignore' })
      await until(
        'the broker listens',
        () => answersTcp(port),
        (answers) => answers,
        part.readyMs,
      )
    },
    signal: (signal) => void child?.kill(signal),
    async kill() {
      const dying = child
      child = null
      if (dying === null || dying.exitCode !== null || dying.signalCode !== null) return
      const exited = new Promise((resolve) => dying.once('exit', resolve))
      dying.kill('SIGKILL')
      await exited
    },
  }
}
