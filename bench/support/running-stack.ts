import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Catalog } from '../../catalog/catalog.ts'
import { loadCatalog } from '../../catalog/load-catalog.ts'
import { stackSecrets } from '../../cli/simulator/stack-secrets.ts'
import { type Deployment, startDeployment } from '../../test/support/deployment.ts'
import type { BenchCall } from './bench.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CATALOG = join(ROOT, 'catalog')

/** A deployment under measurement: one of its own on the demo catalog, or one that runs already. */
export type RunningStack = {
  dataDir: string
  ingestUrl: string
  clickhouseUrl: string
  kafkaBrokers: string
  pids(): Promise<Record<string, number>>
  /** Null when it was running before: then it is not ours to stop or to kill. */
  own: Deployment | null
}

type StackFile = { kafka_brokers: string; clickhouse_url: string; ingest_url: string; pids: Record<string, number> }

/** @param given the data folder of a running deployment with the demo catalog */
export async function runningStack({ say, onEnd }: BenchCall, given: string | undefined, env: Record<string, string> = {}): Promise<RunningStack> {
  const own = given === undefined ? await ownDeployment({ say, onEnd }, env) : null
  const dataDir = own === null ? (given ?? '') : join(own.dataDir, 'data')
  const read = async () => JSON.parse(await readFile(join(dataDir, 'stack.json'), 'utf8')) as StackFile
  const file = await read()
  return {
    dataDir,
    own,
    ingestUrl: file.ingest_url,
    clickhouseUrl: file.clickhouse_url,
    kafkaBrokers: file.kafka_brokers,
    pids: async () => (await read()).pids,
  }
}

async function ownDeployment({ say, onEnd }: Pick<BenchCall, 'say' | 'onEnd'>, env: Record<string, string>): Promise<Deployment> {
  say('starting a deployment of its own')
  const starting = startDeployment({ env: { TRIBUTARY_CATALOG: CATALOG, ...env } })
  // Interrupted while it starts, it is stopped as soon as it can be.
  onEnd(async () => {
    const deployment = await starting.catch(() => null)
    const left = (await deployment?.stop()) ?? 0
    if (left > 0) throw new Error(`${left} processes of the deployment are left`)
  })
  return await starting
}

/** Who may send what about whom, for traffic that is to be bound and paid. */
export type Sender = { integrationId: string; secret: string; linkId: string; clickParam: string; promoCode: string; currency: string }

/** The first platform of the demo catalog, with a promo code and a link of the same brand. */
export async function senderOf(stack: RunningStack): Promise<Sender> {
  const catalog = loadCatalog(CATALOG)
  if (Array.isArray(catalog)) throw new Error('the demo catalog cannot be used')
  const { secrets } = await stackSecrets(catalog, process.env, stack.dataDir)
  const integration = catalog.integrations.find(({ subject, scopes }) => subject === 'player' && scopes.includes('events'))
  if (integration === undefined) throw new Error('the demo catalog has no platform')
  return { integrationId: integration.id, secret: secrets[integration.id] ?? '', currency: 'EUR', ...evidenceOf(catalog, integration.brandId) }
}

function evidenceOf(catalog: Catalog, brandId: string): Pick<Sender, 'linkId' | 'clickParam' | 'promoCode'> {
  const promo = catalog.promoCodes.find((code) => code.brandId === brandId && code.exclusive && code.validToMs === null)
  const link = catalog.links.find((candidate) => candidate.brandId === brandId)
  const offer = catalog.offers.find(({ id }) => id === link?.offerId)
  if (promo === undefined || link === undefined || offer === undefined) throw new Error(`brand ${brandId} has no promo code or no link`)
  return { linkId: link.id, clickParam: offer.clickParam, promoCode: promo.code }
}
