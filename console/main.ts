import { affiliateById, type Catalog, linkByNumber } from '../catalog/catalog.ts'
import { loadCatalog } from '../catalog/load-catalog.ts'
import { panels } from '../dashboards/panels.ts'
import { createClickHouse } from '../runtime/clickhouse.ts'
import { type Config, loadConfig, required } from '../runtime/config.ts'
import { runService } from '../runtime/lifecycle.ts'
import { createLog } from '../runtime/log.ts'
import { createMetrics } from '../runtime/metrics.ts'
import { createNames } from '../runtime/names.ts'
import { type ClickKeys, clickKeysFromText, verifyClickId } from '../schemas/click-id.ts'
import { createConsole } from './app.ts'
import { createLiveFeed } from './live-feed.ts'
import type { VerifyClick } from './queries/click.ts'
import { createReader } from './reader.ts'

const log = createLog('console')

await runService(log, async (stack) => {
  const config = loadConfig(process.env)
  const names = createNames(config.namespace)
  const catalog = catalogFrom(config.catalogDir)
  const keys = clickKeysFromText(required('TRIBUTARY_CLICK_KEYS', config.clickKeys, 'kid:hex[,kid:hex]'))
  const clickhouse = createClickHouse(required('CLICKHOUSE_URL', config.clickhouseUrl, 'http://host:port'), {
    database: names.database('tributary_v1'),
  })
  stack.add('clickhouse', () => clickhouse.close())
  const reader = createReader(clickhouse)
  const feed = createLiveFeed({ reader, panels, log })
  stack.add('live feed', () => feed.close())
  const app = await createConsole({
    reader,
    feed,
    registry: createMetrics('console'),
    log,
    token: config.consoleToken,
    trustedProxies: config.trustedProxies,
    verifyClick: verifyWith(catalog, keys),
    affiliateName: (id) => affiliateById(catalog, id)?.name ?? null,
    eventsTopic: names.topic('player-events'),
    exampleClickUrl: exampleClickUrl(config, catalog),
  })
  stack.add('http', () => app.close())
  // Without a token strangers get a 403 that tells why; the port itself is open, since a container's loopback is its own.
  await app.listen({ host: '0.0.0.0', port: config.consolePort })
  log.info({ port: config.consolePort }, 'console listens')
})

function catalogFrom(dir: string): Catalog {
  const catalog = loadCatalog(dir)
  if (!Array.isArray(catalog)) return catalog
  const first = catalog[0]
  throw new Error(`the catalog cannot be used: ${first?.file}:${first?.line}: ${first?.field}: got ${first?.got}; ${first?.fix}`)
}

/** The signature vouches for time and link; the catalog knows whose link it is. */
function verifyWith(catalog: Catalog, keys: ClickKeys): VerifyClick {
  return (clickId) => {
    const found = verifyClickId(keys, clickId)
    if (found === null) return null
    const link = linkByNumber(catalog, found.linkNumber)
    return { clickedAtMs: found.atMs, linkId: link?.id ?? null, affiliateId: link?.affiliateId ?? null, offerId: link?.offerId ?? null }
  }
}

function exampleClickUrl(config: Config, catalog: Catalog): string | null {
  const link = catalog.links[0]
  return link === undefined || config.ingestPort === 0 ? null : `http://127.0.0.1:${config.ingestPort}/c/${link.id}`
}
