import ipaddr from 'ipaddr.js'
import { loadCatalog } from '../../../catalog/load-catalog.ts'
import { loadConfig } from '../../../runtime/config.ts'
import { runSimulator } from '../../simulator/run-simulator.ts'
import { stackSecrets } from '../../simulator/stack-secrets.ts'

/** The simulated traffic of `npm start`; knows of the stack only the address of the ingest and the senders' secrets. */
const SEED = 1
const CLICKS_PER_SECOND = 30

const config = loadConfig(process.env)
const catalog = loadCatalog(config.catalogDir)
if (Array.isArray(catalog)) throw new Error('the catalog cannot be used')
const { secrets, missing } = await stackSecrets(catalog, process.env, config.dataDir)
if (missing.length > 0) throw new Error(`the secrets of integrations are unknown: set ${missing.join(', ')}`)
const stop = new AbortController()
for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort(new Error('stopped')))

// A simulated visitor has an address of his own only where the edge believes what a sender on this machine says.
const loopback = ipaddr.parse('127.0.0.1')
const canRedirect = config.trustedProxies.some((cidr) => {
  const [network, bits] = ipaddr.parseCIDR(cidr)
  return network.kind() === loopback.kind() && loopback.match(network, bits)
})
await runSimulator({
  catalog,
  ingestUrl: process.env.TRIBUTARY_TRAFFIC_INGEST_URL ?? '',
  secrets,
  seed: SEED,
  signal: stop.signal,
  traffic: { kind: 'endless', clicksPerSecond: CLICKS_PER_SECOND, canRedirect },
})
process.exit(0)
