import { setTimeout as sleep } from 'node:timers/promises'
import { openLogFile } from '../../cli/stack/log-file.ts'
import { createManagedProcess } from '../../cli/stack/managed-process.ts'
import { startWatcher } from '../../cli/stack/watcher.ts'

/** A supervisor of two parts that do nothing, for the tests of supervision itself. One ignores SIGTERM. Prints pids as they change. */
const folder = process.env.SUPERVISED_FOLDER ?? ''
const PARTS = [
  { name: 'gentle', script: 'process.on("SIGTERM", () => process.exit(0)); setInterval(() => {}, 1000); console.log("up")' },
  { name: 'stubborn', script: 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000); console.log("up")' },
]

const watcher = startWatcher()
const managed = PARTS.map(({ name, script }) =>
  createManagedProcess(
    {
      name,
      command: process.execPath,
      args: ['-e', script],
      env: {},
      cwd: folder,
      isServing: async (output) => output.includes('up'),
      readyMs: 20_000,
      stopMs: 1_000,
    },
    process.env,
    watcher,
    openLogFile(`${folder}/${name}.log`),
    { changed: (part, pid) => void process.stdout.write(`${part} ${pid ?? 'gone'}\n`), said: () => {} },
  ),
)
for (const part of managed) await part.start()
process.stdout.write('ready\n')
const stop = new Promise<void>((resolve) => process.once('SIGINT', () => resolve()))
const timer = setInterval(() => {}, 1_000)
await stop
clearInterval(timer)
for (const part of managed.toReversed()) await part.stop()
watcher.close()
await sleep(0)
process.stdout.write('stopped\n')
