import { ConfigError, type Config } from '../../runtime/config.ts'
import { type DataFolder, readJson, writeJson } from './data-folder.ts'
import { freePorts, isPortFree } from './free-port.ts'

export type StackPorts = { kafka: number; kafkaController: number; redis: number; clickhouse: number; ingest: number; console: number }

const NAMES = ['kafka', 'kafkaController', 'redis', 'clickhouse', 'ingest', 'console'] as const

/** Chosen free the first time and kept, so that addresses stay the same from start to start. */
export async function stackPorts(config: Config, data: DataFolder): Promise<StackPorts> {
  const known = readJson(data.portsFile)
  const fresh = await freePorts(NAMES.length)
  const entries = await Promise.all(
    NAMES.map(async (name, i) => {
      const kept = known[name]
      const free = typeof kept === 'number' && (await isPortFree(kept))
      return [name, free ? kept : fresh[i]] as const
    }),
  )
  const ports = Object.fromEntries(entries) as StackPorts
  writeJson(data.portsFile, ports)
  return {
    ...ports,
    ingest: await wantedPort('TRIBUTARY_INGEST_PORT', config.ingestPort, ports.ingest),
    console: await wantedPort('TRIBUTARY_CONSOLE_PORT', config.consolePort, ports.console),
  }
}

async function wantedPort(variable: string, wanted: number, anyFree: number): Promise<number> {
  if (wanted === 0) return anyFree
  if (await isPortFree(wanted)) return wanted
  throw new ConfigError(variable, `${wanted}, where another program listens`, 'a port that is free, or 0 for any free one')
}
