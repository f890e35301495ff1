import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { createCatalogStore } from '../../catalog/catalog-store.ts'
import { catalog, chargeback, clickId, deposit, forgedClickId, keyText, outcomeOf, registration, T0, word } from '../../processors/attribution/fixtures.ts'
import type { KafkaRecord } from '../../runtime/consume-loop.ts'
import { createNames } from '../../runtime/names.ts'
import { createProducer, type OutputRecord, type Producer } from '../../runtime/producer.ts'
import { createLogReader, type LogReader } from '../../runtime/read-range.ts'
import { codecs } from '../../schemas/codec.ts'
import type { Click, PlayerEvent } from '../../schemas/records.generated.ts'
import { partitionOf, playerKey, type TopicName, topics } from '../../schemas/topics.ts'
import { type Child, endChildren, startChild } from '../support/child.ts'
import { createTestTopics, testServices, uniqueNamespace } from '../support/services.ts'
import { until } from '../support/until.ts'

const { kafkaBrokers: brokers, redisUrl } = testServices()
const LONG_PARK_MS = 600_000
const SAID_TIMEOUT_MS = 60_000
const OUTPUTS: TopicName[] = ['attributed-events', 'bindings', 'dispositions', 'dead-letters']

let producer: Producer
let redis: Redis
let reader: LogReader

beforeAll(async () => {
  producer = createProducer({ brokers, clientId: 'attribution-test', lanes: 1 })
  redis = new Redis(redisUrl)
  reader = await createLogReader({ brokers, clientId: 'attribution-test' })
})
afterEach(endChildren)
afterAll(async () => {
  await producer.close()
  await reader.close()
  redis.disconnect()
})

/** The attribution process between real logs, with a deployment of its own. */
async function createScene() {
  const namespace = uniqueNamespace()
  const names = createNames(namespace)
  await createTestTopics(namespace)
  const catalogs = createCatalogStore({ brokers, clientId: 'attribution-test', names })
  await catalogs.publish(catalog)
  await catalogs.close()

  async function readAll(name: TopicName): Promise<KafkaRecord[]> {
    const all: KafkaRecord[] = []
    for (let partition = 0; partition < topics[name].partitions; partition++) {
      const { high } = await reader.watermarks(names.topic(name), partition)
      for await (const records of reader.read({ topic: names.topic(name), partition, from: 0, to: high })) all.push(...records)
    }
    return all
  }

  /** What was produced, in the order of the places in the log. */
  async function outcome() {
    const outputs: OutputRecord[] = []
    for (const name of OUTPUTS) {
      for (const { partition, key, value, headers } of await readAll(name)) {
        outputs.push({
          topic: name,
          partition,
          key,
          value: value!,
          headers: Object.fromEntries(Object.entries(headers).map(([header, text]) => [header, text.toString()])),
        })
      }
    }
    return outcomeOf(outputs)
  }

  /** Waits until the newest disposition of each event is the expected one; null waits for any. */
  async function untilSaid(expected: (string | null)[], events: PlayerEvent[]) {
    const fits = (said: (string | null)[]) => said.every((text, i) => text !== null && (expected[i % expected.length] ?? text) === text)
    await until(`the dispositions are ${expected.join(', ')}`, async () => events.map((await outcomeOfDispositions()).said), fits, SAID_TIMEOUT_MS)
    return outcome()
  }

  async function outcomeOfDispositions() {
    return outcomeOf((await readAll('dispositions')).map(({ partition, key, value }) => ({ topic: 'dispositions', partition, key, value: value! })))
  }

  return {
    namespace,
    readAll,
    untilSaid,
    start: (env: Record<string, string> = {}): Child =>
      startChild('processors/attribution/main.ts', {
        KAFKA_BROKERS: brokers,
        REDIS_URL: redisUrl,
        CLICKHOUSE_URL: 'http://127.0.0.1:1',
        TRIBUTARY_NAMESPACE: namespace,
        TRIBUTARY_INSTANCE: 'a',
        TRIBUTARY_CLICK_KEYS: keyText,
        TRIBUTARY_PARK_MS: String(LONG_PARK_MS),
        ...env,
      }),
    async send(...events: PlayerEvent[]) {
      await producer.append(
        events.map((event) => ({
          topic: names.topic('player-events'),
          partition: null,
          key: playerKey(event.brand_id, event.player_id),
          value: codecs.PlayerEvent.encode(event),
        })),
      )
    },
    sendClicks: (clicks: Click[]) =>
      producer.append(clicks.map((click) => ({ topic: names.topic('clicks'), partition: null, key: click.click_id, value: codecs.Click.encode(click) }))),
    sendBytes: (key: string, value: Buffer) => producer.append([{ topic: names.topic('player-events'), partition: null, key, value }]),
    async wipe() {
      const keys = await redis.keys(`${namespace}:*`)
      if (keys.length > 0) await redis.del(keys)
      return keys.length
    },
    openClicks: async () => (await redis.keys(`${namespace}:open-clicks:*`)).filter((key) => !key.includes('filled')).length,
  }
}

const aClick = (id: string): Click => ({
  click_id: id,
  link_id: 'ann-welcome',
  affiliate_id: 'ann',
  offer_id: 'welcome',
  brand_id: 'lucky',
  occurred_at: T0 - 500,
  received_at: T0,
  source: 'redirect',
  external_click_id: null,
  affiliate_click_id: null,
  sub_ids: {},
  ip_hash: '00112233445566aa',
  ip_prefix: '203.0.113.0/24',
  ip_class: 'mobile',
  asn: 7,
  country: 'DE',
  device_hash: 'ffeeddccbbaa9988',
  browser: null,
  os: null,
  referrer_host: null,
  is_bot: false,
  is_test: false,
  catalog_version: catalog.version,
})

const ofPlayer = (player_id: string, fields: Partial<PlayerEvent> = {}) => ({ player_id, catalog_version: catalog.version, ...fields })

describe('the attribution process', () => {
  it('turns events into bindings, dispositions and attributed events, and joins the stored click', async () => {
    const scene = await createScene()
    const click = clickId(1, T0 - 500)
    await scene.sendClicks([aClick(click)])
    const child = scene.start()
    await until('the click is kept', scene.openClicks, (count) => count > 0)

    const facts = [deposit('d1', ofPlayer('p1')), registration(ofPlayer('p1', { click_id: click })), chargeback('c1', 'd1', ofPlayer('p1'))]
    const lost = registration(ofPlayer('p2', { click_id: clickId(1, T0 - 400) }))
    const forged = registration(ofPlayer('p3', { click_id: forgedClickId(T0) }))
    const alone = deposit('d9', ofPlayer('p4'))
    await scene.send(...facts, lost, forged, alone)
    await scene.sendBytes('lucky:p1', Buffer.from('no event'))

    await until(
      'the dead letter is there',
      async () => (await scene.readAll('dead-letters')).length,
      (count) => count === 1,
    )
    const expected = ['applied', 'applied', 'applied', 'applied', 'unattributed click_invalid', 'parked registration_missing']
    const outcome = await scene.untilSaid(expected, [...facts, lost, forged, alone])
    expect(outcome.binding('p1')).toMatchObject({ affiliate_id: 'ann', offer_id: 'welcome', evidence: 'click_id', reason: 'bound' })
    expect(outcome.attributed.find(({ event_id }) => event_id === facts[1]!.event_id)).toMatchObject({
      click_state: 'joined',
      click: { ip_hash: '00112233445566aa', country: 'DE' },
    })
    expect(outcome.attributed.find(({ event_id }) => event_id === lost.event_id)).toMatchObject({
      click_state: 'reconstructed',
      binding: { affiliate_id: 'ann' },
    })
    expect(outcome.deadLetters[0]?.headers).toMatchObject({ 'dlq-step': 'attribution', 'dlq-reason': 'undecodable' })

    child.kill('SIGTERM')
    expect(await child.exited).toBe(0)
  })

  it('ends the waiting of a fact although nothing else comes', async () => {
    const scene = await createScene()
    scene.start({ TRIBUTARY_PARK_MS: '1000' })
    const [alone, word1] = [deposit('d1', ofPlayer('p1')), word('s1', 'd7', ofPlayer('p2'))]
    const other = registration(ofPlayer('p2', { promo_code: 'VIP' }))
    await scene.send(alone, word1, other)
    await scene.untilSaid(['unattributed registration_missing', 'unattributed reference_missing'], [alone, word1])
    await scene.send(registration(ofPlayer('p1', { promo_code: 'VIP' })), deposit('d7', ofPlayer('p2')))
    await scene.untilSaid(['applied'], [alone, word1])
  })

  it.each(['after_produce', 'after_apply'])('says the same after it died %s', async (point) => {
    const scene = await createScene()
    const players = Array.from({ length: 40 }, (_, i) => `p${i}`)
    const facts = players.flatMap((player) => [deposit('d1', ofPlayer(player)), chargeback('c1', 'd1', ofPlayer(player))])
    const registrations = players.map((player) => registration(ofPlayer(player, { promo_code: 'VIP' })))
    const first = scene.start({ TRIBUTARY_KILL_AT: `${point}:2` })
    await scene.send(...facts.slice(0, 20))
    await scene.send(...facts.slice(20), ...registrations)
    expect(await first.exited, first.output()).toBe('SIGKILL')
    scene.start()

    const outcome = await scene.untilSaid(['applied'], [...facts, ...registrations])
    expect(players.map((player) => outcome.binding(player)?.affiliate_id)).toEqual(players.map(() => 'cat'))
    // What was made twice is the same, byte for byte, so that a reader may keep either.
    const places = Map.groupBy(await scene.readAll('attributed-events'), ({ partition, value }) => {
      const { source_offset, index } = codecs.AttributedEvent.decode(value!)
      return `${partition}/${source_offset}/${index}`
    })
    for (const records of places.values()) expect(new Set(records.map(({ value }) => value!.toString('hex'))).size).toBe(1)
    const kinds = Map.groupBy(
      outcome.attributed.filter(({ kind }) => kind === 'event'),
      ({ event_id }) => event_id,
    )
    expect(
      [...facts, ...registrations].every(
        ({ event_id }) => new Set(kinds.get(event_id)?.map(({ source_offset, index }) => `${source_offset}/${index}`)).size === 1,
      ),
    ).toBe(true)
  })

  it('keeps what is parked and what is open when Redis is wiped', async () => {
    const scene = await createScene()
    const click = clickId(1, T0 - 500)
    await scene.sendClicks([aClick(click)])
    const child = scene.start()
    const players = Array.from({ length: 100 }, (_, i) => `p${i}`)
    const facts = players.map((player) => deposit('d1', ofPlayer(player)))
    await scene.send(...facts)
    await scene.untilSaid([null], facts)
    for (const round of [1, 2, 3]) {
      await until(`state is there in round ${round}`, scene.wipe, (keys) => keys > 0)
      await scene.send(deposit(`x${round}`, ofPlayer('p0')))
      await until('the clicks are read again', scene.openClicks, (count) => count > 0)
    }
    const registrations = players.map((player) => registration(ofPlayer(player, { click_id: click })))
    await scene.send(...registrations)
    const outcome = await scene.untilSaid(['applied'], [...facts, ...registrations])
    expect(players.every((player) => outcome.binding(player)?.affiliate_id === 'ann')).toBe(true)
    expect(outcome.attributed.find(({ event_id }) => event_id === registrations[7]!.event_id)?.click_state).toBe('joined')
    expect(child.output()).toContain('the open clicks are gone')
  })

  it('keeps all that is said about a player in the partition of his events', async () => {
    const scene = await createScene()
    scene.start()
    const event = registration(ofPlayer('p5', { promo_code: 'VIP' }))
    await scene.send(event)
    await scene.untilSaid(['applied'], [event])
    const partition = partitionOf('lucky:p5', topics['player-events'].partitions)
    for (const name of ['attributed-events', 'bindings'] as const)
      expect((await scene.readAll(name)).map((record) => [record.partition, record.key?.toString()])).toEqual([[partition, 'lucky:p5']])
    expect((await scene.readAll('dispositions'))[0]?.partition).toBe(partitionOf(event.receipt_id, topics.dispositions.partitions))
  })
})
