import type { Reader } from '../reader.ts'
import type { BindingRow, ClickRow, EventRow, LedgerRow, VerdictReasonRow, VerdictRow } from '../rows.ts'
import type { Subject } from '../subject.ts'
import { clicksByIds, type SignedClick, type VerifyClick } from './click.ts'
import { LEDGER_ORDER } from './receipt.ts'

const EVENTS_MAX = 500
const ENTRIES_MAX = 2_000
const PLAYERS_MAX = 20

/** Everything that one timeline is told from. Rows are those of the views; nothing is worked out here. */
export type TraceFacts = {
  subject: Subject
  /** What a looked-up click id says by itself; null for other subjects and for ids that are not ours. */
  signed: SignedClick | null
  clicks: ClickRow[]
  players: PlayerFacts[]
  /** Verdicts on the clicks themselves. */
  clickVerdicts: VerdictRow[]
  reasons: VerdictReasonRow[]
  truncated: boolean
}

export type PlayerFacts = {
  brandId: string
  playerId: string
  binding: BindingRow | null
  events: EventRow[]
  verdicts: VerdictRow[]
  entries: LedgerRow[]
}

type PlayerKey = { brandId: string; playerId: string }

/** Null when nothing is known of the subject, and no signature vouches for it. */
export async function findTrace(reader: Reader, verify: VerifyClick | null, subject: Subject): Promise<TraceFacts | null> {
  const keys = await playersOf(reader, subject)
  const players = (await Promise.all(keys.map((key) => factsOf(reader, key)))).filter((player) => player !== null)
  const signed = subject.kind === 'click' && verify !== null ? verify(subject.clickId) : null
  const clickIds = clickIdsOf(subject, players)
  const [clicks, clickVerdicts] = await Promise.all([clicksByIds(reader, clickIds), verdictsOf(reader, 'click', clickIds)])
  if (players.length === 0 && clicks.length === 0 && signed === null) return null
  const reasons = await reasonsOf(
    reader,
    [...clickVerdicts, ...players.flatMap((player) => player.verdicts)].map((verdict) => verdict.verdict_id),
  )
  return { subject, signed, clicks, players, clickVerdicts, reasons, truncated: players.some((player) => player.events.length === EVENTS_MAX) }
}

async function playersOf(reader: Reader, subject: Subject): Promise<PlayerKey[]> {
  if (subject.kind === 'player') return [{ brandId: subject.brandId, playerId: subject.playerId }]
  const where = subject.kind === 'click' ? 'click_id = {id:String} OR player_id = {own:String}' : 'receipt_id = {id:String}'
  const id = subject.kind === 'click' ? subject.clickId : subject.receiptId
  return reader.rows<PlayerKey>(
    `SELECT DISTINCT brand_id AS brandId, player_id AS playerId FROM events WHERE ${where} ORDER BY brandId, playerId LIMIT ${PLAYERS_MAX}`,
    { id, own: `click~${id}` },
  )
}

async function factsOf(reader: Reader, { brandId, playerId }: PlayerKey): Promise<PlayerFacts | null> {
  const params = { brand: brandId, player: playerId }
  const where = 'WHERE brand_id = {brand:String} AND player_id = {player:String}'
  const [bindings, events, entries] = await Promise.all([
    reader.rows<BindingRow>(`SELECT * FROM bindings ${where} LIMIT 1`, params),
    reader.rows<EventRow>(`SELECT * FROM events ${where} ORDER BY occurred_at, event_id LIMIT ${EVENTS_MAX}`, params),
    reader.rows<LedgerRow>(`SELECT * FROM ledger ${where} ORDER BY ${LEDGER_ORDER} LIMIT ${ENTRIES_MAX}`, params),
  ])
  const binding = bindings[0] ?? null
  if (binding === null && events.length === 0) return null
  const verdicts = await verdictsOf(
    reader,
    'event',
    events.map((event) => event.event_id),
  )
  return { brandId, playerId, binding, events, verdicts, entries }
}

function clickIdsOf(subject: Subject, players: PlayerFacts[]): string[] {
  const ids = new Set<string>(subject.kind === 'click' ? [subject.clickId] : [])
  for (const player of players) {
    for (const id of [player.binding?.click_id, ...player.events.map((event) => event.click_id)]) if (id) ids.add(id)
  }
  return [...ids]
}

function verdictsOf(reader: Reader, subjectType: 'click' | 'event', subjectIds: string[]): Promise<VerdictRow[]> {
  if (subjectIds.length === 0) return Promise.resolve([])
  return reader.rows<VerdictRow>(
    'SELECT * FROM verdict_history WHERE subject_type = {type:String} AND subject_id IN {ids:Array(String)} ORDER BY subject_id, revision',
    { type: subjectType, ids: subjectIds },
  )
}

function reasonsOf(reader: Reader, verdictIds: string[]): Promise<VerdictReasonRow[]> {
  if (verdictIds.length === 0) return Promise.resolve([])
  return reader.rows<VerdictReasonRow>('SELECT * FROM verdict_reasons WHERE verdict_id IN {ids:Array(String)} ORDER BY subject_id, revision, shadow, rule_id', {
    ids: [...new Set(verdictIds)],
  })
}
