import { runClicksLoop, isPassing } from './clicks-loop.ts'
import { startExternalIdKeeper } from './external-id-keeper.ts'
import { createClickMarks } from './caught-up.ts'
import { createFindClicks } from './find-clicks.ts'
import { createFraudMetrics } from './fraud-metrics.ts'
import { recheckTick } from './recheck-tick.ts'
import { createFraudStep } from './step.ts'
import { createWindows } from './windows.ts'
import { createCatalogStore } from '../../catalog/catalog-store.ts'
import { runChainService } from '../../runtime/chain-service.ts'
import { required } from '../../runtime/config.ts'
import { probeFromText } from '../../runtime/probe.ts'
import { createLogReader } from '../../runtime/read-range.ts'
import { clickKeysFromText } from '../../schemas/click-id.ts'
import { codecs } from '../../schemas/codec.ts'
import { tickEvent } from '../../schemas/tick.ts'
import { topics } from '../../schemas/topics.ts'

await runChainService(
  'fraud',
  process.env,
  (partition, names) => ({
    topic: names.topic(topics['player-events'].name),
    partition,
    key: null,
    value: codecs.PlayerEvent.encode(tickEvent(partition, Date.now())),
  }),
  async ({ config, brokers, names, redis, producer, registry, log, stack, fail }) => {
    const topicOf = (name: string) => names.topic(name)
    const metrics = createFraudMetrics(registry)
    const clickKeys = clickKeysFromText(required('TRIBUTARY_CLICK_KEYS', config.clickKeys, 'kid:hex[,kid:hex]'))
    const catalogs = createCatalogStore({ brokers, clientId: 'tributary-fraud', names })
    stack.add('catalogs', () => catalogs.close())
    // A reader reads one range at a time: filling windows must not keep the chain waiting.
    const reader = await createLogReader({ brokers, clientId: 'tributary-fraud-windows' })
    stack.add('windows reader', () => reader.close())
    const windows = createWindows(redis, names)

    const clicks = runClicksLoop({
      brokers,
      names,
      instance: config.instance,
      log,
      windows,
      producer,
      reader,
      topicOf,
      findCatalog: catalogs.find,
      probe: probeFromText(process.env.TRIBUTARY_KILL_AT_CLICKS, (point) => process.stderr.write(`killed at ${point}\n`)),
      onVerdict: metrics.clickVerdict,
      onUnreadable: metrics.unreadableClick,
      onRefill: metrics.refill,
    })
    stack.add('clicks loop', () => clicks.stop())
    clicks.done.catch(fail)
    const keeper = startExternalIdKeeper({ windows, reader, topicOf, log, onError: fail, isPassing })
    stack.add('external ids', () => keeper.stop())

    return createFraudStep(
      { settleMs: config.settleMs, topic: topicOf, onVerdict: metrics.eventVerdict },
      {
        windows,
        clickMarks: createClickMarks(reader, names.topic(topics.clicks.name), topics.clicks.partitions),
        findClicks: createFindClicks(redis, names),
        catalogOf: catalogs.get,
        clickKeys,
        settleMs: config.settleMs,
        askRecheck: async (events) => {
          await producer.append(events.map(({ partition, eventId }) => recheckTick(topicOf, partition, eventId, Date.now())))
          metrics.rechecks(events.length)
        },
        nowMs: () => Date.now(),
        pause: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
      },
    )
  },
)
