import { ownerOf } from '../bootstrap/lock.mjs'
import type { Command } from '../command.ts'
import { dataFolderAt } from '../stack/data-folder.ts'

const STOP_MS_MAX = 120_000
const POLL_MS = 100

export const command: Command = {
  name: 'down',
  summary: 'stop the stack in order and wait until it has ended',
  usage: 'down',
  examples: ['down', 'down --json'],
  options: {},
  async run({ positionals, json, out, err, config }) {
    if (positionals.length > 0) {
      err(`down takes no argument, it got "${positionals[0]}"\n`)
      return 2
    }
    const data = dataFolderAt(config.dataDir)
    const owner = ownerOf(data.lock)
    const tell = (text: string, stopped: boolean) => out(json ? `${JSON.stringify({ stopped, was_running: owner !== null })}\n` : `${text}\n`)
    if (owner === null) {
      tell(`nothing runs in ${data.root}`, true)
      return 0
    }
    const startedMs = Date.now()
    process.kill(owner, 'SIGTERM')
    err(`stopping the stack (pid ${owner})\n`)
    while (ownerOf(data.lock) === owner) {
      if (Date.now() - startedMs > STOP_MS_MAX) {
        tell(`the stack (pid ${owner}) has not ended after ${STOP_MS_MAX / 1000} s`, false)
        return 1
      }
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
    }
    tell(`stopped after ${((Date.now() - startedMs) / 1000).toFixed(1)} s`, true)
    return 0
  },
}
