import { createCatalogStore } from '../../catalog/catalog-store.ts'
import { runChainService } from '../../runtime/chain-service.ts'
import { required } from '../../runtime/config.ts'
import { createLogReader } from '../../runtime/read-range.ts'
import { clickKeysFromText } from '../../schemas/click-id.ts'
import { codecs } from '../../schemas/codec.ts'
import { tickEvent } from '../../schemas/tick.ts'
import { topics } from '../../schemas/topics.ts'
import { runClicksLoop } from './clicks-loop.ts'
import { createOpenClicks } from './open-clicks.ts'
import { createAttributionStep } from './step.ts'

await runChainService(
  'attribution',
  process.env,
  (partition, names) => ({
    topic: names.topic(topics['player-events'].name),
    partition,
    key: null,
    value: codecs.PlayerEvent.encode(tickEvent(partition, Date.now())),
  }),
  async ({ config, brokers, names, redis, registry, log, stack, fail }) => {
    const keys = clickKeysFromText(required('TRIBUTARY_CLICK_KEYS', config.clickKeys, 'kid:hex[,kid:hex]'))
    const catalogs = createCatalogStore({ brokers, clientId: 'tributary-attribution', names })
    stack.add('catalogs', () => catalogs.close())
    const openClicks = createOpenClicks(redis, names)
    const clicksReader = await createLogReader({ brokers, clientId: 'tributary-attribution-clicks-reader' })
    stack.add('clicks reader', () => clicksReader.close())
    const clicksLoop = runClicksLoop({
      brokers,
      names,
      instance: config.instance,
      redis,
      reader: clicksReader,
      openClicks,
      registry,
      log,
      latestCatalog: catalogs.latest,
    })
    stack.add('clicks loop', () => clicksLoop.stop())
    clicksLoop.done.catch(fail)
    return createAttributionStep({ parkMs: config.parkMs, keys, names }, { findCatalog: catalogs.find, findClicks: openClicks.find })
  },
)
