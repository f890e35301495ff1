import { type ChildProcess, spawn } from 'node:child_process'
import { cp, mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { until } from './until.ts'

/** `npm start` as an operator runs it, with a catalog, data and ports of its own. */
export type Deployment = {
  ingestUrl: string
  consoleUrl: string
  clickhouseUrl: string
  dataDir: string
  pids(): Promise<Record<string, number>>
  post(integration: string, secret: string, fields: Record<string, string>): Promise<{ status: number; body: Record<string, string> }>
  console(path: string): Promise<{ status: number; body: Record<string, unknown> }>
  sql<Row>(query: string): Promise<Row[]>
  /** `tributary wait`. @throws with what is still open */
  wait(timeoutS?: number): Promise<void>
  cli(...args: string[]): Promise<{ code: number; out: string; err: string }>
  output(): string
  /** Ctrl-C. Answers how many of its processes are left. */
  stop(): Promise<number>
}

export const SECRETS = { CRM_SECRET: 'crm-secret-0001', CLICKER_SECRET: 'clicker-secret-0002', BROKER_SECRET: 'broker-secret-0003' }

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const READY_MS = 180_000
const STOP_MS = 30_000
const OUTPUT_CHARACTERS_MAX = 400_000

export async function startDeployment(options: { env?: Record<string, string>; args?: string[] } = {}): Promise<Deployment> {
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-e2e-'))
  const catalogDir = join(dataDir, 'catalog')
  await cp(join(ROOT, 'test/support/catalog'), catalogDir, { recursive: true })
  const env: NodeJS.ProcessEnv = {
    ...process.env,
    ...SECRETS,
    TRIBUTARY_CATALOG: catalogDir,
    TRIBUTARY_DATA: join(dataDir, 'data'),
    TRIBUTARY_INGEST_PORT: '0',
    TRIBUTARY_CONSOLE_PORT: '0',
    TRIBUTARY_TRUSTED_PROXIES: '127.0.0.1/32,::1/128',
    ...options.env,
  }
  for (const name of ['KAFKA_BROKERS', 'REDIS_URL', 'CLICKHOUSE_URL']) delete env[name]
  const child = spawn('npm', ['start', '--', ...(options.args ?? ['--no-traffic'])], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'], detached: true })
  let output = ''
  const keep = (chunk: Buffer) => {
    output = (output + chunk.toString()).slice(-OUTPUT_CHARACTERS_MAX)
  }
  child.stdout.on('data', keep)
  child.stderr.on('data', keep)
  const exited = new Promise<number | string>((resolve) => child.once('exit', (code, signal) => resolve(code ?? signal ?? 'gone')))
  const ready = await until(
    'the stack is ready',
    () => /^tributary ready (\S+) (\S+)$/m.exec(output) ?? (child.exitCode !== null ? 'exited' : null),
    (seen) => seen !== null,
    READY_MS,
  ).catch((error: unknown) => {
    throw new Error(`${String(error)}\n${output.slice(-4_000)}`)
  })
  if (typeof ready === 'string' || ready === null) throw new Error(`the stack ended before it was ready:\n${output.slice(-4_000)}`)
  const stack = async () => JSON.parse(await readFile(join(dataDir, 'data', 'stack.json'), 'utf8')) as { clickhouse_url: string; pids: Record<string, number> }
  const { clickhouse_url: clickhouseUrl } = await stack()
  const [, ingestUrl = '', consoleUrl = ''] = ready

  const cli = (...args: string[]) =>
    new Promise<{ code: number; out: string; err: string }>((resolve) => {
      const command = spawn('npm', ['run', '-s', 'tributary', '--', ...args], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] })
      let out = ''
      let err = ''
      command.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()))
      command.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()))
      command.once('close', (code) => resolve({ code: code ?? 1, out, err }))
    })

  return {
    ingestUrl,
    consoleUrl,
    clickhouseUrl,
    dataDir,
    pids: async () => (await stack()).pids,
    async post(integration, secret, fields) {
      const response = await fetch(`${ingestUrl}/v1/postbacks/${integration}?${new URLSearchParams({ token: secret, ...fields })}`)
      return { status: response.status, body: (await response.json()) as Record<string, string> }
    },
    async console(path) {
      const response = await fetch(`${consoleUrl}${path}`)
      return { status: response.status, body: (await response.json()) as Record<string, unknown> }
    },
    async sql<Row>(query: string) {
      const settings = 'output_format_json_quote_decimals=1&output_format_json_quote_64bit_integers=1'
      const response = await fetch(`${clickhouseUrl}/?${settings}`, { method: 'POST', body: `${query} FORMAT JSON` })
      const text = await response.text()
      if (!response.ok) throw new Error(text)
      return (JSON.parse(text) as { data: Row[] }).data
    },
    async wait(timeoutS = 60) {
      const { code, out, err } = await cli('wait', '--timeout', `${timeoutS}s`)
      if (code !== 0) throw new Error(`wait ended with ${code}: ${out}${err}\n${output.slice(-2_000)}`)
    },
    cli,
    output: () => output,
    async stop() {
      const pids = Object.values(
        await stack().then(
          ({ pids }) => pids,
          () => ({}),
        ),
      )
      interrupt(child)
      // npm ends by the signal itself, whatever its child answers; what counts is that nothing is left.
      await exited
      const left = await until(
        'all processes are gone',
        () => pids.filter(isAlive),
        (alive) => alive.length === 0,
        STOP_MS,
      )
      await rm(dataDir, { recursive: true, force: true })
      return left.length
    },
  }
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

/** Ctrl-C reaches the whole group of the terminal, and so it does here. */
function interrupt(child: ChildProcess): void {
  if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGINT')
}
