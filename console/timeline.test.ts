import { expect, it } from 'vitest'
import type { TraceFacts } from './queries/trace.ts'
import type { EventRow, LedgerRow, VerdictRow } from './rows.ts'
import { textFromTimeline } from './timeline-text.ts'
import { timelineFromFacts } from './timeline.ts'

const CLICK = '0123456789abcdefghjkmnpqrstvwxyz'

const event = (fields: Partial<EventRow>): EventRow => ({
  event_id: 'ev_1',
  receipt_id: 'rc_1',
  brand_id: 'lucky',
  player_id: 'p1',
  integration_id: 'crm',
  event_type: 'registration',
  external_event_id: '',
  occurred_at: '2026-11-20T12:05:10.000Z',
  received_at: '2026-11-20T12:05:10.400Z',
  click_id: null,
  promo_code: null,
  amount: null,
  currency: null,
  lots: null,
  instrument: null,
  period: null,
  revision: null,
  refers_to: null,
  status: null,
  is_test: false,
  disposition: 'applied',
  reason: null,
  kafka_partition: 0,
  kafka_offset: 1,
  ...fields,
})
const verdict = (fields: Partial<VerdictRow>): VerdictRow => ({
  verdict_id: 'v1',
  subject_type: 'event',
  subject_id: 'ev_1',
  affiliate_id: 'acme',
  brand_id: 'lucky',
  player_id: 'p1',
  event_time: '2026-11-20T12:05:10.000Z',
  decision: 'allow',
  score: 0,
  revision: 1,
  settled: true,
  completeness: 1,
  scored_at: '2026-11-20T12:05:11.000Z',
  reasons: [],
  catalog_version: 'c',
  ...fields,
})
const entry = (fields: Partial<LedgerRow>): LedgerRow => ({
  entry_id: 'l1',
  transaction_id: 't1',
  event_id: 'ev_2',
  receipt_id: 'rc_2',
  affiliate_id: 'acme',
  deal_id: 'std',
  deal_version: 2,
  component_id: 'cpa',
  entry_type: 'accrual',
  account: 'pending',
  amount: '100',
  currency: 'EUR',
  occurred_at: '2026-11-20T13:00:00.000Z',
  booked_at: '2026-11-20T13:00:01.000Z',
  formula: '100 for a deposit of 50 or more',
  corrects: null,
  source_offset: 5,
  index: 0,
  ...fields,
})

const facts: TraceFacts = {
  subject: { kind: 'player', brandId: 'lucky', playerId: 'p1' },
  signed: null,
  clicks: [
    {
      click_id: CLICK,
      link_id: 'acme-front',
      affiliate_id: 'acme',
      offer_id: 'welcome',
      brand_id: 'lucky',
      occurred_at: '2026-11-20T12:00:00.000Z',
      received_at: '2026-11-20T12:00:00.000Z',
      source: 'redirect',
      ip_class: 'mobile',
      ip_prefix: '203.0.113.0/24',
      country: 'DE',
      browser: 'Chrome',
      os: 'Android',
      referrer_host: 'reviews.example',
      is_bot: false,
      is_test: false,
    },
  ],
  players: [
    {
      brandId: 'lucky',
      playerId: 'p1',
      binding: {
        binding_id: 'b1',
        brand_id: 'lucky',
        player_id: 'p1',
        affiliate_id: 'acme',
        offer_id: 'welcome',
        link_id: 'acme-front',
        click_id: CLICK,
        clicked_at: '2026-11-20T12:00:00.000Z',
        bound_at: '2026-11-20T12:05:10.000Z',
        evidence: 'click_id',
        reason: 'bound',
        candidates: [`click_id ${CLICK}`],
        event_id: 'ev_1',
      },
      events: [
        event({ click_id: CLICK }),
        event({
          event_id: 'ev_2',
          receipt_id: 'rc_2',
          event_type: 'deposit',
          external_event_id: 'd-1',
          occurred_at: '2026-11-20T13:00:00.000Z',
          received_at: '2026-11-20T13:04:00.000Z',
          amount: '60',
          currency: 'EUR',
        }),
        event({
          event_id: 'ev_3',
          receipt_id: 'rc_3',
          event_type: 'deposit',
          external_event_id: 'd-1',
          occurred_at: '2026-11-20T14:00:00.000Z',
          amount: '61',
          currency: 'EUR',
          disposition: 'conflict',
          reason: 'identity_conflict',
        }),
      ],
      verdicts: [
        verdict({}),
        verdict({ verdict_id: 'v2', subject_id: 'ev_2', decision: 'allow', settled: false }),
        verdict({ verdict_id: 'v2b', subject_id: 'ev_2', decision: 'hold', score: 78, revision: 2, reasons: ['duplicate-external-id'] }),
      ],
      entries: [
        entry({}),
        entry({ entry_id: 'l2', account: 'expense', amount: '-100' }),
        entry({ entry_id: 'l3', transaction_id: 't2', entry_type: 'hold', account: 'pending', amount: '-100' }),
        entry({ entry_id: 'l4', transaction_id: 't2', entry_type: 'hold', account: 'held' }),
      ],
    },
  ],
  clickVerdicts: [],
  reasons: [
    {
      verdict_id: 'v2b',
      subject_id: 'ev_2',
      revision: 2,
      rule_id: 'duplicate-external-id',
      rule_version: 1,
      observed: 2,
      threshold: 1,
      window_ms: null,
      n: 2,
      shadow: false,
      text: 'the id d-1 was used for 2 players',
    },
  ],
  truncated: false,
}

it('tells click, registration and what followed in the order in which they happened, with the affiliate and why', () => {
  const timeline = timelineFromFacts(facts)
  expect(timeline.steps.map(({ title, state }) => [title, state])).toEqual([
    ['Click on link acme-front', null],
    ['Registration', 'applied'],
    ['Deposit 60 EUR', 'applied'],
    ['Deposit 61 EUR', 'conflict'],
  ])
  expect(timeline.summary[0]).toBe('Player lucky:p1 is bound to affiliate acme for offer welcome, by click.')
  const registration = timeline.steps[1]?.lines.map(({ text }) => text).join('\n')
  expect(registration).toContain("Affiliate acme: the click is theirs and came 5 minutes 10 seconds before it, within the offer's window.")
  expect(timeline.steps[0]?.lines.map(({ text }) => text).join('\n')).toContain(
    'Came from a mobile network (203.0.113.0/24) in DE, with Chrome on Android, from reviews.example.',
  )
})

it('tells the last verdict with its reasons, and what it said at first', () => {
  const lines = timelineFromFacts(facts).steps[2]?.lines.map(({ text }) => text) ?? []
  expect(lines).toContain('Verdict 78 of 100, held: the money is on hold (settled). At first it was allow with score 0.')
  expect(lines).toContain('duplicate-external-id v1: the id d-1 was used for 2 players (observed 2, threshold 1).')
})

it('tells each movement of money with its formula and where it left the player', () => {
  const lines = timelineFromFacts(facts).steps[2]?.lines.map(({ text }) => text) ?? []
  expect(lines.filter((text) => text.includes('After it'))).toEqual([
    'Earned: +100.00 EUR pending (deal std v2, cpa: 100 for a deposit of 50 or more). After it: 0.00 approved, 100.00 pending, 0.00 held EUR.',
    'Put on hold: -100.00 EUR pending, +100.00 EUR held (deal std v2, cpa: 100 for a deposit of 50 or more). After it: 0.00 approved, 0.00 pending, 100.00 held EUR.',
  ])
  expect(timelineFromFacts(facts).summary.at(-1)).toBe('Commission now: 0.00 approved, 0.00 pending, 100.00 held EUR.')
})

it('says of an event that does not count why it does not', () => {
  const lines = timelineFromFacts(facts).steps[3]?.lines.map(({ text }) => text) ?? []
  expect(lines).toContain('Set aside: another event holds this place already: its content differs, or an earlier registration counts.')
})

it('a signed click without a record is told from its id alone', () => {
  const timeline = timelineFromFacts({
    subject: { kind: 'click', clickId: CLICK },
    signed: { clickedAtMs: Date.UTC(2026, 10, 20, 12), linkId: 'acme-front', affiliateId: 'acme', offerId: 'welcome' },
    clicks: [],
    players: [],
    clickVerdicts: [],
    reasons: [],
    truncated: false,
  })
  expect(timeline.steps).toHaveLength(1)
  expect(timeline.steps[0]?.at).toBe('2026-11-20T12:00:00.000Z')
})

it('reads as text within 100 columns where words allow it, with a sign where a colour would be', () => {
  const text = textFromTimeline(timelineFromFacts(facts), { colour: false })
  expect(text).toContain('2026-11-20 12:05:10.000 UTC  Registration  [applied]')
  expect(text).toContain('    x Verdict 78 of 100')
  expect(text.includes('\u001b')).toBe(false)
  for (const line of text.split('\n')) expect(line.length).toBeLessThanOrEqual(110)
})
