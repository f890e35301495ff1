import { createCatalogStore } from '../../catalog/catalog-store.ts'
import { runChainService } from '../../runtime/chain-service.ts'
import { codecs } from '../../schemas/codec.ts'
import { tickEvent } from '../../schemas/tick.ts'
import { topics } from '../../schemas/topics.ts'
import { createCommissionStep } from './step.ts'

await runChainService(
  'commission',
  process.env,
  (partition, names) => ({
    topic: names.topic(topics['player-events'].name),
    partition,
    key: null,
    value: codecs.PlayerEvent.encode(tickEvent(partition, Date.now())),
  }),
  async ({ brokers, names, stack }) => {
    const catalogs = createCatalogStore({ brokers, clientId: 'tributary-commission', names })
    stack.add('catalogs', () => catalogs.close())
    return createCommissionStep(names, catalogs.get)
  },
)
