import { afterAll, beforeAll, expect, it } from 'vitest'
import { exampleRecords } from '../../schemas/example-records.ts'
import type { Binding, Click, Disposition, EdgeOutcome, LedgerEntry, PlayerEvent, Reason, Verdict } from '../../schemas/records.generated.ts'
import { testServices, uniqueNamespace } from '../support/services.ts'
import { createTestWarehouse, type TestWarehouse } from '../support/warehouse.ts'

const NOON_MS = Date.UTC(2026, 10, 20, 12)
const MINUTE_MS = 60_000
const UNIT = 100_000_000n
let warehouse: TestWarehouse

beforeAll(async () => {
  warehouse = await createTestWarehouse(testServices().clickhouseUrl, uniqueNamespace())
  // Without merges every copy stays: a view must be right before they happen.
  for (const table of [
    'clicks',
    'events',
    'event_records',
    'dispositions',
    'bindings',
    'verdicts',
    'verdict_revisions',
    'ledger',
    'edge_outcomes',
    'dead_letters',
  ]) {
    await warehouse.client.command({ query: `SYSTEM STOP MERGES ${warehouse.names.database('tributary')}.${table}` })
  }
})
afterAll(() => warehouse.close())

const click = (fields: Partial<Click>): Click => ({ ...exampleRecords('Click')[0], ...fields })
const event = (fields: Partial<PlayerEvent>): PlayerEvent => ({
  ...exampleRecords('PlayerEvent')[0],
  event_type: 'deposit',
  integration_id: 'crm',
  received_at: NOON_MS,
  ...fields,
})
const disposition = (fields: Partial<Disposition>): Disposition => ({
  ...exampleRecords('Disposition')[0],
  disposition: 'applied',
  reason: null,
  index: 0,
  ...fields,
})
const binding = (fields: Partial<Binding>): Binding => ({ ...exampleRecords('Binding')[0], brand_id: 'acme', ...fields })
const reason = (fields: Partial<Reason>): Reason => ({ ...exampleRecords('Reason')[0], shadow: false, ...fields })
const verdict = (fields: Partial<Verdict>): Verdict => ({ ...exampleRecords('Verdict')[0], subject_type: 'click', reasons: [], ...fields })
const entry = (fields: Partial<LedgerEntry>): LedgerEntry => ({
  ...exampleRecords('LedgerEntry')[0],
  brand_id: 'acme',
  deal_id: 'd',
  component_id: 'c',
  currency: 'EUR',
  ...fields,
})
const outcome = (fields: Partial<EdgeOutcome>): EdgeOutcome => ({ ...exampleRecords('EdgeOutcome')[0], minute: NOON_MS, ...fields })

it('clicks: one row per click_id, of several copies the first in the log', async () => {
  await warehouse.store('clicks', [click({ click_id: 'c1', received_at: NOON_MS, browser: null, asn: -1, sub_ids: { sub1: 'a', ключ: 'ü' } })], { offset: 10 })
  await warehouse.store('clicks', [click({ click_id: 'c1', received_at: NOON_MS + 5 })], { offset: 20 })
  await warehouse.store('clicks', [click({ click_id: 'c1', received_at: NOON_MS + 9 }), click({ click_id: 'c2', occurred_at: Date.UTC(2025, 11, 31) })], {
    offset: 30,
  })
  const rows = await warehouse.query('SELECT click_id, received_at, browser, asn, sub_ids, is_bot FROM {views}.clicks ORDER BY click_id')
  expect(rows).toEqual([
    { click_id: 'c1', received_at: '2026-11-20 12:00:00.000', browser: null, asn: 4294967295, sub_ids: { sub1: 'a', ключ: 'ü' }, is_bot: click({}).is_bot },
    expect.objectContaining({ click_id: 'c2' }),
  ])
})

it('traffic_minutes: counts clicks, not their copies', async () => {
  const at = (fields: Partial<Click>) =>
    click({ affiliate_id: 'traffic', offer_id: 'o', country: null, is_bot: false, occurred_at: NOON_MS + 59_999, ...fields })
  await warehouse.store('clicks', [at({ click_id: 't1' }), at({ click_id: 't2', is_bot: true }), at({ click_id: 't3', occurred_at: NOON_MS + MINUTE_MS })])
  await warehouse.store('clicks', [at({ click_id: 't1' }), at({ click_id: 't2', is_bot: true })])
  expect(await warehouse.query("SELECT * FROM {views}.traffic_minutes WHERE affiliate_id = 'traffic' ORDER BY minute")).toEqual([
    { minute: '2026-11-20 12:00:00.000', affiliate_id: 'traffic', offer_id: 'o', country: null, clicks: '2', bots: '1' },
    { minute: '2026-11-20 12:01:00.000', affiliate_id: 'traffic', offer_id: 'o', country: null, clicks: '1', bots: '0' },
  ])
})

it('events and receipts: the first record of an event with its current disposition, accepted until there is one', async () => {
  const first = event({
    event_id: 'ev_1',
    receipt_id: 'rc_1',
    brand_id: 'acme',
    player_id: 'p1',
    amount: 12_345_678_901n,
    currency: 'EUR',
    lots: null,
    attributes: { vip: 'yes' },
  })
  await warehouse.store('player-events', [first, event({ event_id: 'ev_2', receipt_id: 'rc_2', brand_id: 'acme', player_id: 'p1' })], {
    partition: 3,
    offset: 100,
  })
  await warehouse.store('player-events', [event({ ...first, received_at: NOON_MS + 40 * 86_400_000 })], { partition: 3, offset: 200 })
  await warehouse.store('player-events', [event({ event_type: 'tick', event_id: 'tick~3~1' })], { partition: 3, offset: 300 })
  await warehouse.store('dispositions', [
    disposition({ receipt_id: 'rc_1', disposition: 'unattributed', reason: 'registration_missing', source_offset: 50, index: 1 }),
  ])
  await warehouse.store('dispositions', [
    disposition({ receipt_id: 'rc_1', disposition: 'parked', reason: 'registration_missing', source_offset: 50, index: 0 }),
  ])
  await warehouse.store('dispositions', [disposition({ receipt_id: 'rc_1', disposition: 'duplicate', source_offset: 200 })])
  expect(
    await warehouse.query(
      "SELECT event_id, received_at, amount, currency, lots, attributes, disposition, reason, kafka_offset FROM {views}.events WHERE player_id = 'p1' ORDER BY event_id",
    ),
  ).toEqual([
    {
      event_id: 'ev_1',
      received_at: '2026-11-20 12:00:00.000',
      amount: '123.45678901',
      currency: 'EUR',
      lots: null,
      attributes: { vip: 'yes' },
      disposition: 'unattributed',
      reason: 'registration_missing',
      kafka_offset: '100',
    },
    expect.objectContaining({ event_id: 'ev_2', disposition: 'accepted', reason: null }),
  ])
  expect(
    await warehouse.query(
      "SELECT receipt_id, event_id, integration_id, event_type, received_at, disposition, reason, final FROM {views}.receipts WHERE receipt_id IN ('rc_1', 'rc_2') ORDER BY receipt_id",
    ),
  ).toEqual([
    {
      receipt_id: 'rc_1',
      event_id: 'ev_1',
      integration_id: 'crm',
      event_type: 'deposit',
      received_at: '2026-11-20 12:00:00.000',
      disposition: 'unattributed',
      reason: 'registration_missing',
      final: true,
    },
    {
      receipt_id: 'rc_2',
      event_id: 'ev_2',
      integration_id: 'crm',
      event_type: 'deposit',
      received_at: '2026-11-20 12:00:00.000',
      disposition: 'accepted',
      reason: null,
      final: false,
    },
  ])
  expect(await warehouse.query("SELECT count() AS n FROM {views}.events WHERE event_type = 'tick'")).toEqual([{ n: '0' }])
})

it('bindings: one row per player, the newest decision whatever the order of arrival', async () => {
  await warehouse.store('bindings', [binding({ player_id: 'b1', affiliate_id: 'new', source_offset: 9, index: 1 })])
  await warehouse.store('bindings', [
    binding({ player_id: 'b1', affiliate_id: 'old', source_offset: 9, index: 0 }),
    binding({ player_id: 'b2', affiliate_id: null, evidence: 'none', reason: 'click_invalid', candidates: [] }),
  ])
  expect(
    await warehouse.query("SELECT player_id, affiliate_id, evidence, reason FROM {views}.bindings WHERE player_id IN ('b1', 'b2') ORDER BY player_id"),
  ).toEqual([
    expect.objectContaining({ player_id: 'b1', affiliate_id: 'new' }),
    { player_id: 'b2', affiliate_id: null, evidence: 'none', reason: 'click_invalid' },
  ])
})

it('verdicts and verdict_history: the latest revision and every revision, of a revision the first in the log', async () => {
  const live = reason({ rule_id: 'ip-velocity', rule_version: 2, observed: 21.5, threshold: 10, window_ms: 3_600_000, n: 21, text: 'many' })
  const shadow = reason({ rule_id: 'fast-conversion', shadow: true, observed: null, threshold: null, window_ms: null, n: null })
  const base = { verdict_id: 'vd_1', subject_id: 's1', completeness: 0.5 }
  await warehouse.store('click-verdicts', [verdict({ ...base, revision: 2, decision: 'hold', score: 70, settled: true, reasons: [shadow, live] })], {
    offset: 50,
  })
  await warehouse.store('click-verdicts', [verdict({ ...base, revision: 1, decision: 'allow', score: 0, settled: false })], { offset: 40 })
  await warehouse.store('click-verdicts', [verdict({ ...base, revision: 2, decision: 'reject', score: 99, settled: true })], { offset: 60 })
  expect(
    await warehouse.query("SELECT verdict_id, decision, score, revision, settled, completeness, reasons FROM {views}.verdicts WHERE subject_id = 's1'"),
  ).toEqual([{ verdict_id: 'vd_1', decision: 'hold', score: 70, revision: 2, settled: true, completeness: 0.5, reasons: ['ip-velocity'] }])
  expect(await warehouse.query("SELECT revision, decision, reasons FROM {views}.verdict_history WHERE subject_id = 's1' ORDER BY revision")).toEqual([
    { revision: 1, decision: 'allow', reasons: [] },
    { revision: 2, decision: 'hold', reasons: ['ip-velocity'] },
  ])
  expect(await warehouse.query("SELECT * FROM {views}.verdict_reasons WHERE subject_id = 's1' ORDER BY rule_id")).toEqual([
    expect.objectContaining({ rule_id: 'fast-conversion', shadow: true, observed: null, n: null }),
    {
      verdict_id: 'vd_1',
      subject_id: 's1',
      revision: 2,
      rule_id: 'ip-velocity',
      rule_version: 2,
      observed: 21.5,
      threshold: 10,
      window_ms: '3600000',
      n: '21',
      shadow: false,
      text: 'many',
    },
  ])
})

it('verdicts of events come from the scored stream, where the first record of a position counts', async () => {
  const [scored] = exampleRecords('ScoredEvent')
  const at = (fields: Partial<Verdict>, source_offset: number, index: number) => ({
    ...scored,
    source_offset,
    index,
    verdict: verdict({ subject_type: 'event', subject_id: 'ev_z', ...fields }),
  })
  await warehouse.store('scored-events', [
    at({ revision: 1, decision: 'allow' }, 7, 0),
    { ...scored, source_offset: 8, index: 0, verdict: null },
    // A step that came late repeats positions 7.0 and 8.0, with what it thinks now.
    at({ revision: 1, decision: 'reject' }, 7, 0),
    at({ revision: 2, decision: 'reject' }, 8, 0),
  ])
  expect(await warehouse.query("SELECT revision, decision FROM {views}.verdict_history WHERE subject_id = 'ev_z'")).toEqual([
    { revision: 1, decision: 'allow' },
  ])
})

it('ledger, commissions and balances: net of entries, not of their copies', async () => {
  const of = (entry_id: string, account: LedgerEntry['account'], amount: bigint, more: Partial<LedgerEntry> = {}) =>
    entry({ entry_id, transaction_id: entry_id.slice(0, 2), player_id: 'l1', affiliate_id: 'a1', account, amount, ...more })
  const accrual = [of('t1-a', 'expense', -100n * UNIT), of('t1-b', 'pending', 100n * UNIT)]
  const approval = [of('t2-a', 'pending', -100n * UNIT), of('t2-b', 'approved', 100n * UNIT)]
  const other = [of('t3-a', 'expense', -1n, { component_id: 'c2' }), of('t3-b', 'held', 1n, { component_id: 'c2' })]
  const usd = [of('t4-a', 'expense', 5n * UNIT, { currency: 'USD', player_id: 'l2' }), of('t4-b', 'approved', -5n * UNIT, { currency: 'USD', player_id: 'l2' })]
  await warehouse.store('ledger', [...accrual, ...approval, ...other, ...usd], { offset: 500 })
  await warehouse.store('ledger', [...accrual, ...approval], { offset: 600 })
  await warehouse.store('ledger', accrual, { offset: 700 })
  expect(await warehouse.query("SELECT count() AS n, sum(amount) AS total FROM {views}.ledger WHERE affiliate_id = 'a1'")).toEqual([{ n: '8', total: '0' }])
  expect(await warehouse.query('SELECT transaction_id FROM {views}.ledger GROUP BY transaction_id, currency HAVING sum(amount) != 0')).toEqual([])
  expect(
    await warehouse.query(
      "SELECT player_id, component_id, currency, accrued, pending, held, approved FROM {views}.commissions WHERE affiliate_id = 'a1' ORDER BY player_id, component_id",
    ),
  ).toEqual([
    { player_id: 'l1', component_id: 'c', currency: 'EUR', accrued: '100', pending: '0', held: '0', approved: '100' },
    { player_id: 'l1', component_id: 'c2', currency: 'EUR', accrued: '0.00000001', pending: '0', held: '0.00000001', approved: '0' },
    { player_id: 'l2', component_id: 'c', currency: 'USD', accrued: '-5', pending: '0', held: '0', approved: '-5' },
  ])
  expect(await warehouse.query("SELECT * FROM {views}.balances WHERE affiliate_id = 'a1' ORDER BY currency")).toEqual([
    { affiliate_id: 'a1', currency: 'EUR', pending: '0', held: '0.00000001', approved: '100' },
    { affiliate_id: 'a1', currency: 'USD', pending: '0', held: '0', approved: '-5' },
  ])
})

it('dead_letters: one row per step and record, with the receipt where the bytes can be read', async () => {
  const headers = (step: string, offset: string) =>
    Object.fromEntries(
      Object.entries({
        'dlq-topic': 'player-events',
        'dlq-partition': '4',
        'dlq-offset': offset,
        'dlq-step': step,
        'dlq-reason': 'undecodable',
        'dlq-at': '2026-11-20T12:00:00.000Z',
      }).map(([key, text]) => [key, Buffer.from(text)]),
    )
  const letter = { topic: 'dead-letters', partition: 1, timestampMs: NOON_MS, key: null }
  const { codecs } = await import('../../schemas/codec.ts')
  await warehouse.storeRecords('dead-letters', [
    { ...letter, offset: 0, value: Buffer.from('bad'), headers: headers('attribution', '17') },
    { ...letter, offset: 1, value: Buffer.from('bad'), headers: headers('attribution', '17') },
    { ...letter, offset: 2, value: codecs.PlayerEvent.encode(event({ receipt_id: 'rc_dead' })), headers: headers('warehouse', '18') },
    { ...letter, offset: 3, value: null, headers: {} },
  ])
  expect(await warehouse.query('SELECT * FROM {views}.dead_letters ORDER BY dead_letter_id')).toEqual([
    {
      dead_letter_id: 'attribution~player-events~4~17',
      receipt_id: null,
      step: 'attribution',
      reason: 'undecodable',
      topic: 'player-events',
      partition: 4,
      offset: '17',
      at: '2026-11-20 12:00:00.000',
    },
    {
      dead_letter_id: 'unknown~dead-letters~1~3',
      receipt_id: null,
      step: 'unknown',
      reason: 'unknown',
      topic: 'dead-letters',
      partition: 1,
      offset: '3',
      at: '2026-11-20 12:00:00.000',
    },
    {
      dead_letter_id: 'warehouse~player-events~4~18',
      receipt_id: 'rc_dead',
      step: 'warehouse',
      reason: 'undecodable',
      topic: 'player-events',
      partition: 4,
      offset: '18',
      at: '2026-11-20 12:00:00.000',
    },
  ])
})

it('outcomes: accepted records equal dispositions, duplicates and what is undecided', async () => {
  const of = (receipt: string, receivedMs: number) =>
    event({ integration_id: 'count', event_id: `ev_${receipt}`, receipt_id: receipt, player_id: 'o1', received_at: receivedMs })
  await warehouse.store('player-events', [of('o1', NOON_MS), of('o2', NOON_MS), of('o3', NOON_MS), of('o4', NOON_MS + MINUTE_MS)], { partition: 5, offset: 0 })
  await warehouse.store('player-events', [of('o1', NOON_MS + 1), of('o1', NOON_MS + MINUTE_MS)], { partition: 5, offset: 4 })
  // The same records once more, as from a plan whose token was forgotten.
  await warehouse.store('player-events', [of('o1', NOON_MS + 1), of('o1', NOON_MS + MINUTE_MS)], { partition: 5, offset: 4 })
  await warehouse.store('dispositions', [
    disposition({ receipt_id: 'o1' }),
    disposition({ receipt_id: 'o2', disposition: 'parked', reason: 'registration_missing', source_offset: 1 }),
    disposition({ receipt_id: 'o4', disposition: 'parked', reason: 'registration_missing', source_offset: 3 }),
    disposition({ receipt_id: 'o4', source_offset: 9 }),
  ])
  await warehouse.store('edge-outcomes', [
    outcome({ outcome_id: 'x1', integration_id: 'count', outcome: 'rejected', reason: 'amount_invalid', quantity: 3 }),
    outcome({ outcome_id: 'x2', integration_id: 'count', outcome: 'rejected', reason: 'amount_invalid', quantity: 4 }),
  ])
  await warehouse.store('edge-outcomes', [outcome({ outcome_id: 'x1', integration_id: 'count', outcome: 'rejected', reason: 'amount_invalid', quantity: 3 })])
  const rows = await warehouse.query("SELECT minute, outcome, reason, quantity FROM {views}.outcomes WHERE integration_id = 'count' ORDER BY minute, outcome")
  const [noon, later] = ['2026-11-20 12:00:00.000', '2026-11-20 12:01:00.000']
  expect(rows).toEqual([
    { minute: noon, outcome: 'accepted', reason: null, quantity: '4' },
    { minute: noon, outcome: 'applied', reason: null, quantity: '1' },
    { minute: noon, outcome: 'duplicate', reason: null, quantity: '1' },
    { minute: noon, outcome: 'parked', reason: 'registration_missing', quantity: '1' },
    { minute: noon, outcome: 'rejected', reason: 'amount_invalid', quantity: '7' },
    { minute: noon, outcome: 'undecided', reason: null, quantity: '1' },
    { minute: later, outcome: 'accepted', reason: null, quantity: '2' },
    { minute: later, outcome: 'applied', reason: null, quantity: '1' },
    { minute: later, outcome: 'duplicate', reason: null, quantity: '1' },
  ])
})

it('has the columns that outsiders rely on', async () => {
  const columns = await warehouse.query<{ table: string; columns: string }>(
    `SELECT table, arrayStringConcat(groupArray(name), ' ') AS columns FROM (SELECT table, name FROM system.columns WHERE database = '${warehouse.names.database('tributary_v1')}' ORDER BY table, position) GROUP BY table ORDER BY table`,
  )
  expect(Object.fromEntries(columns.map((row) => [row.table, row.columns]))).toMatchObject({
    commissions: 'brand_id player_id affiliate_id deal_id component_id currency accrued pending held approved',
    balances: 'affiliate_id currency pending held approved',
    receipts: 'receipt_id event_id integration_id event_type external_event_id received_at disposition reason final',
    dead_letters: 'dead_letter_id receipt_id step reason topic partition offset at',
    outcomes: 'minute integration_id outcome reason quantity',
    traffic_minutes: 'minute affiliate_id offer_id country clicks bots',
    verdict_reasons: 'verdict_id subject_id revision rule_id rule_version observed threshold window_ms n shadow text',
  })
  const fieldsOf = (record: object) => Object.keys(record)
  const has = (view: string) => new Set(columns.find((row) => row.table === view)?.columns.split(' '))
  for (const field of fieldsOf(click({}))) expect(has('clicks')).toContain(field)
  for (const field of [...fieldsOf(event({})), 'disposition', 'reason']) expect(has('events')).toContain(field)
  for (const field of fieldsOf(binding({}))) expect(has('bindings')).toContain(field)
  for (const field of fieldsOf(verdict({}))) expect(has('verdicts')).toContain(field)
  for (const field of fieldsOf(verdict({}))) expect(has('verdict_history')).toContain(field)
  for (const field of fieldsOf(entry({}))) expect(has('ledger')).toContain(field)
})
