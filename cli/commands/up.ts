import { spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { ownerOf } from '../bootstrap/lock.mjs'
import type { Command } from '../command.ts'
import { openDataFolder } from '../stack/data-folder.ts'
import { readStackFile } from '../stack/stack-file.ts'

const READY_MS = 180_000
const POLL_MS = 200
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))
const READY_LINE = /^tributary ready \S+ \S+$/m

export const command: Command = {
  name: 'up',
  summary: 'start the stack in the background and wait until it is ready',
  usage: 'up [--traffic]',
  examples: ['up', 'up --traffic'],
  options: { traffic: { type: 'boolean' }, 'no-traffic': { type: 'boolean' } },
  async run({ values, positionals, json, out, err, config, env }) {
    if (positionals.length > 0) {
      err(`up takes no argument, it got "${positionals[0]}"\n`)
      return 2
    }
    const data = openDataFolder(config.dataDir)
    const running = readStackFile(data)
    if (ownerOf(data.lock) !== null && running !== null) {
      out(json ? `${JSON.stringify({ ready: true, already: true, ...running })}\n` : `tributary ready ${running.ingest_url} ${running.console_url}\n`)
      return 0
    }
    const logPath = data.log('supervisor')
    const log = openSync(logPath, 'w', 0o600)
    const child = spawn(process.execPath, [MAIN, 'start', ...(values.traffic === true ? [] : ['--no-traffic'])], {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...env, TRIBUTARY_PARENT_PID: '0' },
    })
    let ended = false
    child.once('exit', () => (ended = true))
    err(`starting in the background, log: ${logPath}\n`)
    const line = await readyLine(logPath, () => ended)
    if (line === null) {
      err(`the stack did not become ready; the end of ${logPath}:\n${readFileSync(logPath, 'utf8').slice(-4_000)}`)
      return 1
    }
    child.unref()
    out(json ? `${JSON.stringify({ ready: true, already: false, ...readStackFile(data) })}\n` : `${line}\n`)
    return 0
  },
}

async function readyLine(path: string, isOver: () => boolean): Promise<string | null> {
  const deadline = Date.now() + READY_MS
  while (Date.now() < deadline) {
    const line = READY_LINE.exec(readFileSync(path, 'utf8'))?.[0]
    if (line !== undefined) return line
    if (isOver()) return null
    await new Promise((resolve) => setTimeout(resolve, POLL_MS))
  }
  return null
}
