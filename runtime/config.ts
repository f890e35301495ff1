import { isIP } from 'node:net'

/** What a process is told by its environment; read once, in a `main.ts`, and passed on. */
export type Config = {
  catalogDir: string
  dataDir: string
  ingestPort: number
  consolePort: number
  /** `kid:hex[,kid:hex]`, or null when the stack is to make one. */
  clickKeys: string | null
  /** Hex, current first, or null when the stack is to make one. */
  ipKeys: string[] | null
  consoleToken: string | null
  trustedProxies: string[]
  settleMs: number
  parkMs: number
  kafkaBrokers: string | null
  redisUrl: string | null
  clickhouseUrl: string | null
  /** Prefix of topics, groups, Redis keys and databases; '' is the plain deployment. */
  namespace: string
  /** Static group membership: a process that comes back under the same name resumes at once. */
  instance: string | null
}

/** A variable with a value that cannot be used. */
export class ConfigError extends Error {
  readonly variable: string
  constructor(variable: string, got: string, accepts: string) {
    super(`${variable} is "${got}", which cannot be used: it accepts ${accepts}`)
    this.name = 'ConfigError'
    this.variable = variable
  }
}

type Env = Record<string, string | undefined>
type Read<T> = (text: string) => T | undefined

const SECRET = new Set(['TRIBUTARY_CLICK_KEYS', 'TRIBUTARY_IP_KEYS', 'TRIBUTARY_CONSOLE_TOKEN'])
const DAY_MS = 86_400_000
const SETTLE_MS_MAX = DAY_MS
const PARK_MS_MAX = 400 * DAY_MS
const TOKEN_LENGTH_MIN = 8

/** @throws ConfigError naming the variable, what it got and what it accepts. */
export function loadConfig(env: Env): Config {
  return {
    catalogDir: read(env, 'TRIBUTARY_CATALOG', './catalog', nonEmpty, 'a folder'),
    dataDir: read(env, 'TRIBUTARY_DATA', './.tributary', nonEmpty, 'a folder'),
    ingestPort: read(env, 'TRIBUTARY_INGEST_PORT', '8080', port, 'a port from 0 (any free one) to 65535'),
    consolePort: read(env, 'TRIBUTARY_CONSOLE_PORT', '8081', port, 'a port from 0 (any free one) to 65535'),
    clickKeys: read(env, 'TRIBUTARY_CLICK_KEYS', null, clickKeys, 'kid:hex[,kid:hex] with kid from 0 to 15, each once, and at least 32 hex digits'),
    ipKeys: read(env, 'TRIBUTARY_IP_KEYS', null, ipKeys, 'current[,previous], each at least 32 hex digits'),
    consoleToken: read(env, 'TRIBUTARY_CONSOLE_TOKEN', null, token, `at least ${TOKEN_LENGTH_MIN} visible ASCII characters`),
    trustedProxies: read(env, 'TRIBUTARY_TRUSTED_PROXIES', '', cidrs, 'cidr[,cidr], such as 10.0.0.0/8,::1/128'),
    settleMs: read(env, 'TRIBUTARY_SETTLE_MS', '2000', integer(0, SETTLE_MS_MAX), `whole milliseconds from 0 to ${SETTLE_MS_MAX}`),
    parkMs: read(env, 'TRIBUTARY_PARK_MS', '259200000', integer(0, PARK_MS_MAX), `whole milliseconds from 0 to ${PARK_MS_MAX}`),
    kafkaBrokers: read(env, 'KAFKA_BROKERS', null, brokers, 'host:port[,host:port]'),
    redisUrl: read(env, 'REDIS_URL', null, url('redis:', 'rediss:'), 'redis://host:port or rediss://host:port'),
    clickhouseUrl: read(env, 'CLICKHOUSE_URL', null, url('http:', 'https:'), 'http://host:port or https://host:port'),
    namespace: read(env, 'TRIBUTARY_NAMESPACE', '', namespace, 'up to 20 of a-z, 0-9 and _, starting with a letter'),
    instance: read(env, 'TRIBUTARY_INSTANCE', null, instance, '1 to 100 of a-z, A-Z, 0-9, . _ and -'),
  }
}

/** The addresses that a process cannot do without. @throws ConfigError when one is unset. */
export function requireServices(config: Config): { kafkaBrokers: string; redisUrl: string; clickhouseUrl: string } {
  return {
    kafkaBrokers: required('KAFKA_BROKERS', config.kafkaBrokers, 'host:port[,host:port]'),
    redisUrl: required('REDIS_URL', config.redisUrl, 'redis://host:port'),
    clickhouseUrl: required('CLICKHOUSE_URL', config.clickhouseUrl, 'http://host:port'),
  }
}

/** @throws ConfigError when the value is null. */
export function required<T>(variable: string, value: T | null, accepts: string): T {
  if (value === null) throw new ConfigError(variable, '(unset)', accepts)
  return value
}

// The null overload keeps "unset" apart from every real value, so that nothing is guessed later.
function read<T>(env: Env, name: string, fallback: string, parse: Read<T>, accepts: string): T
function read<T>(env: Env, name: string, fallback: null, parse: Read<T>, accepts: string): T | null
function read<T>(env: Env, name: string, fallback: string | null, parse: Read<T>, accepts: string): T | null {
  const text = env[name] ?? fallback
  if (text === null || (text === '' && fallback === null)) return null
  const value = parse(text)
  if (value === undefined) throw new ConfigError(name, SECRET.has(name) ? `(${text.length} characters, not shown)` : text, accepts)
  return value
}

function nonEmpty(text: string): string | undefined {
  return text === '' ? undefined : text
}

function integer(min: number, max: number): Read<number> {
  return (text) => {
    if (!/^(0|[1-9][0-9]{0,14})$/.test(text)) return undefined
    const value = Number(text)
    return value >= min && value <= max ? value : undefined
  }
}

function port(text: string): number | undefined {
  return integer(0, 65_535)(text)
}

function clickKeys(text: string): string | undefined {
  const ids = new Set<string>()
  for (const part of text.split(',')) {
    const match = /^(1[0-5]|[0-9]):((?:[0-9a-fA-F]{2}){16,64})$/.exec(part)
    if (match === null || ids.has(match[1] ?? '')) return undefined
    ids.add(match[1] ?? '')
  }
  return text
}

function ipKeys(text: string): string[] | undefined {
  const keys = text.split(',')
  return keys.length <= 2 && keys.every((key) => /^(?:[0-9a-fA-F]{2}){16,64}$/.test(key)) ? keys : undefined
}

function token(text: string): string | undefined {
  return text.length >= TOKEN_LENGTH_MIN && /^[\x21-\x7e]+$/.test(text) ? text : undefined
}

function cidrs(text: string): string[] | undefined {
  if (text === '') return []
  const list = text.split(',').map((part) => part.trim())
  return list.every(isCidr) ? list : undefined
}

function isCidr(text: string): boolean {
  const [address = '', bits, more] = text.split('/')
  const family = isIP(address)
  if (family === 0 || more !== undefined) return false
  return bits !== undefined && integer(0, family === 4 ? 32 : 128)(bits) !== undefined
}

function brokers(text: string): string | undefined {
  const valid = text.split(',').every((part) => {
    const match = /^(\[[0-9a-fA-F:]+\]|[A-Za-z0-9._-]+):([0-9]{1,5})$/.exec(part)
    return match !== null && Number(match[2]) > 0 && Number(match[2]) <= 65_535
  })
  return valid ? text : undefined
}

function url(...protocols: string[]): Read<string> {
  return (text) => {
    const parsed = URL.parse(text)
    if (parsed === null || !protocols.includes(parsed.protocol) || parsed.hostname === '') return undefined
    return text.replace(/\/$/, '')
  }
}

function namespace(text: string): string | undefined {
  return text === '' || /^[a-z][a-z0-9_]{0,19}$/.test(text) ? text : undefined
}

function instance(text: string): string | undefined {
  return /^[A-Za-z0-9._-]{1,100}$/.test(text) ? text : undefined
}
