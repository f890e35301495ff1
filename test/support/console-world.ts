import { exampleRecords } from '../../schemas/example-records.ts'
import type { Binding, Click, Disposition, EdgeOutcome, LedgerEntry, PlayerEvent, Reason, Verdict } from '../../schemas/records.generated.ts'
import type { TestWarehouse } from './warehouse.ts'

const UNIT = 100_000_000n
const SECOND_MS = 1_000

/** Ids as senders and partners quote them. */
export const WORLD = {
  click: 'k'.repeat(32),
  registration: 'rc_00000000000000000000000000000001',
  deposit: 'rc_00000000000000000000000000000002',
  chargeback: 'rc_00000000000000000000000000000003',
}

const click = (fields: Partial<Click>): Click => ({
  ...exampleRecords('Click')[0],
  brand_id: 'lucky',
  affiliate_id: 'acme',
  offer_id: 'welcome',
  link_id: 'acme-front',
  is_bot: false,
  is_test: false,
  ...fields,
})
const event = (fields: Partial<PlayerEvent>): PlayerEvent => ({
  ...exampleRecords('PlayerEvent')[1],
  brand_id: 'lucky',
  player_id: 'p 1/ü',
  integration_id: 'crm',
  event_type: 'deposit',
  is_test: false,
  ...fields,
})
const disposition = (fields: Partial<Disposition>): Disposition => ({ ...exampleRecords('Disposition')[0], disposition: 'applied', reason: null, ...fields })
const verdict = (fields: Partial<Verdict>): Verdict => ({
  ...exampleRecords('Verdict')[0],
  subject_type: 'event',
  affiliate_id: 'acme',
  brand_id: 'lucky',
  player_id: 'p 1/ü',
  reasons: [],
  decision: 'allow',
  score: 0,
  settled: true,
  ...fields,
})
const reason = (fields: Partial<Reason>): Reason => ({ ...exampleRecords('Reason')[0], shadow: false, ...fields })
const entry = (fields: Partial<LedgerEntry>): LedgerEntry => ({
  ...exampleRecords('LedgerEntry')[0],
  brand_id: 'lucky',
  player_id: 'p 1/ü',
  affiliate_id: 'acme',
  deal_id: 'std',
  component_id: 'cpa',
  currency: 'EUR',
  event_id: 'ev_2',
  receipt_id: WORLD.deposit,
  ...fields,
})

/**
 * A small known world that happened in the last minute before `nowMs`: two people and a bot clicked, one registered and
 * deposited, one more deposit waits for its registration, and one rule fired.
 */
export async function storeConsoleWorld(warehouse: TestWarehouse, nowMs: number): Promise<void> {
  const ago = (seconds: number) => nowMs - seconds * SECOND_MS
  const clickAt = (id: string, seconds: number, fields: Partial<Click> = {}) =>
    click({ click_id: id, occurred_at: ago(seconds), received_at: ago(seconds), ...fields })
  await warehouse.store('clicks', [
    clickAt(WORLD.click, 40),
    clickAt('b'.repeat(32), 39, { is_bot: true }),
    clickAt('c'.repeat(32), 38, { affiliate_id: 'bona' }),
  ])
  await warehouse.store(
    'player-events',
    [
      event({
        event_id: 'ev_1',
        receipt_id: WORLD.registration,
        event_type: 'registration',
        click_id: WORLD.click,
        occurred_at: ago(30),
        received_at: ago(30),
      }),
      event({
        event_id: 'ev_2',
        receipt_id: WORLD.deposit,
        external_event_id: 'd-1',
        amount: 12_345_678_901n * UNIT + 1n,
        currency: 'EUR',
        occurred_at: ago(20),
        received_at: ago(20),
      }),
      event({
        event_id: 'ev_3',
        receipt_id: WORLD.chargeback,
        event_type: 'chargeback',
        external_event_id: 'cb-1',
        refers_to: 'nothing',
        amount: 5n * UNIT,
        currency: 'EUR',
        occurred_at: ago(15),
        received_at: ago(15),
      }),
    ],
    { partition: 4, offset: 70 },
  )
  await warehouse.store('dispositions', [
    disposition({ disposition_id: 'd1', receipt_id: WORLD.registration, event_id: 'ev_1', source_offset: 70 }),
    disposition({ disposition_id: 'd2', receipt_id: WORLD.deposit, event_id: 'ev_2', source_offset: 71 }),
    disposition({
      disposition_id: 'd3',
      receipt_id: WORLD.chargeback,
      event_id: 'ev_3',
      disposition: 'parked',
      reason: 'reference_missing',
      source_offset: 72,
    }),
  ])
  const binding: Binding = {
    ...exampleRecords('Binding')[0],
    brand_id: 'lucky',
    player_id: 'p 1/ü',
    affiliate_id: 'acme',
    offer_id: 'welcome',
    link_id: 'acme-front',
    click_id: WORLD.click,
    clicked_at: ago(40),
    bound_at: ago(30),
    evidence: 'click_id',
    reason: 'bound',
    event_id: 'ev_1',
  }
  await warehouse.store('bindings', [binding])
  await warehouse.store('click-verdicts', [
    verdict({
      verdict_id: 'v0',
      subject_type: 'click',
      subject_id: WORLD.click,
      player_id: null,
      event_time: ago(40),
      scored_at: ago(39),
      decision: 'review',
      score: 40,
      reasons: [reason({ rule_id: 'ip-velocity', text: '12 clicks from one address, 10 are usual' })],
    }),
  ])
  await warehouse.store(
    'scored-events',
    scored([
      verdict({ verdict_id: 'v1', subject_id: 'ev_1', event_time: ago(30), scored_at: ago(29), revision: 1, settled: false }),
      verdict({
        verdict_id: 'v1',
        subject_id: 'ev_1',
        event_time: ago(30),
        scored_at: ago(27),
        revision: 2,
        decision: 'hold',
        score: 78,
        reasons: [reason({ rule_id: 'fast-conversion', text: 'registered 1 s after the click' })],
      }),
      verdict({ verdict_id: 'v2', subject_id: 'ev_2', event_time: ago(20), scored_at: ago(19) }),
    ]),
  )
  await warehouse.store('ledger', [
    entry({
      entry_id: 'l1',
      transaction_id: 't1',
      entry_type: 'accrual',
      account: 'pending',
      amount: 100n * UNIT,
      booked_at: ago(18),
      source_offset: 5,
      index: 0,
    }),
    entry({
      entry_id: 'l2',
      transaction_id: 't1',
      entry_type: 'accrual',
      account: 'expense',
      amount: -100n * UNIT,
      booked_at: ago(18),
      source_offset: 5,
      index: 1,
    }),
    entry({
      entry_id: 'l3',
      transaction_id: 't2',
      entry_type: 'hold',
      account: 'pending',
      amount: -100n * UNIT,
      booked_at: ago(17),
      source_offset: 6,
      index: 0,
    }),
    entry({ entry_id: 'l4', transaction_id: 't2', entry_type: 'hold', account: 'held', amount: 100n * UNIT, booked_at: ago(17), source_offset: 6, index: 1 }),
  ])
  const outcome: EdgeOutcome = {
    ...exampleRecords('EdgeOutcome')[0],
    minute: ago(30) - (ago(30) % 60_000),
    integration_id: 'crm',
    outcome: 'rejected',
    reason: 'unknown_currency',
    quantity: 4,
  }
  await warehouse.store('edge-outcomes', [outcome])
}

/** Verdicts reach the tables inside scored events; everything else of these is not read there. */
function scored(verdicts: Verdict[]) {
  const [example] = exampleRecords('ScoredEvent')
  return verdicts.map((one, index) => ({ ...example, event_id: one.subject_id, verdict: one, source_offset: 900 + index, index: 0 }))
}
