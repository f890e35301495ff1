import type { Catalog } from '../../catalog/catalog.ts'
import type { StepContext } from '../../runtime/chain-step.ts'
import { deadLetterFrom } from '../../runtime/dead-letter.ts'
import type { Names } from '../../runtime/names.ts'
import type { ClickKeys } from '../../schemas/click-id.ts'
import type { PlayerEvent } from '../../schemas/records.generated.ts'
import { tickEvent } from '../../schemas/tick.ts'
import { playerKey } from '../../schemas/topics.ts'
import { isClickPlayer } from './bind.ts'
import { bindTo, bindToNobody } from './binding.ts'
import { NO_CLICK } from './found-click.ts'
import type { Input } from './input.ts'
import { admit, compareEvents, isToBind, missingOriginal, rememberFact } from './known-facts.ts'
import { eventMark } from './marks.ts'
import { outputsOf } from './outputs.ts'
import { factKindOf, nextDeadlineMs, type OpenFact, parkedEvent, type PlayerDoc, playerDocFromText } from './player-doc.ts'
import { settleFacts } from './standing.ts'

/** What `prepare` fetched: the catalog versions that may be needed, and packed clicks by id. */
export type AttributionSignals = { catalogs: ReadonlyMap<string, Catalog>; clicks: ReadonlyMap<string, Buffer> }
export type Context = StepContext<AttributionSignals>
export type Settings = { parkMs: number; keys: ClickKeys; names: Names }

/** A player in hand: the document, and where what is said about it goes. */
export type Player = { brandId: string; playerId: string; doc: PlayerDoc; context: Context; settings: Settings; out: ReturnType<typeof outputsOf> }

/** One record of player-events. Every input is answered with at least one attributed event. */
export function onRecord(input: Input, context: Context, settings: Settings): void {
  if (input.kind === 'poison') return refuse(input, context, settings)
  if (input.event.event_type === 'tick') return outputsOf(context, settings.names).attributed(input.event, 'tick', null, NO_CLICK)
  const { event, bytes } = input
  // Whoever goes on from here needs the terms of that version; ingest names only versions that were published.
  if (!context.signals.catalogs.has(event.catalog_version)) return refuse({ ...input, kind: 'poison', reason: 'catalog_unknown' }, context, settings)
  const player = playerInHand(event.brand_id, event.player_id, context, settings)
  const deadlineMs = nextDeadlineMs(player.doc)
  takeIn(event, bytes, player)
  store(player, deadlineMs)
}

/** Log time has reached the end of somebody's waiting. */
export function onDue(key: string, context: Context, settings: Settings): void {
  // Brand ids have no colon, so the first one ends the brand.
  const colon = key.indexOf(':')
  const player = playerInHand(key.slice(0, colon), key.slice(colon + 1), context, settings)
  const { doc } = player
  const late = doc.f.filter((fact) => fact.p !== undefined && fact.d <= context.logTimeMs)
  for (const fact of late) fact.x = 1
  const first = late[0]
  if (first !== undefined && doc.b === null) bindToNobody(first, player)
  settleFacts(player)
  store(player, null)
}

function takeIn(event: PlayerEvent, bytes: Buffer, player: Player): void {
  const { doc, out, context, settings } = player
  const receipt = { receiptId: event.receipt_id, eventId: event.event_id }
  const admission = admit(event, doc, { logTimeMs: context.logTimeMs, parkMs: settings.parkMs })
  if (admission === 'repeated') return out.attributed(event, 'skip', null, NO_CLICK)
  if (admission === 'test' || admission === 'other_content') doc.x += eventMark(event.event_id)
  if (admission === 'test') {
    out.attributed(event, 'skip', null, NO_CLICK)
    return out.disposition(receipt, 'filtered', 'test')
  }
  const released = admission === 'other_content' ? [] : rememberFact(event, doc)
  if (admission === 'stands') return standUp(event, bytes, released, player)
  out.attributed(event, 'skip', null, NO_CLICK)
  out.disposition(receipt, 'conflict', 'identity_conflict')
  bindAnew(releasedBinders(event, released), player)
  settleFacts(player)
}

/** A fact that counts: it may bind, it may wait, and others may have waited for it. */
function standUp(event: PlayerEvent, bytes: Buffer, released: OpenFact[], player: Player): void {
  const { doc, context, settings } = player
  if (event.event_type === 'registration') displaceRegistration(event, player)
  const fact = factFrom(event, doc, context.logTimeMs + settings.parkMs)
  doc.f.push(fact)
  const binds = event.event_type === 'registration' || (isClickPlayer(event.player_id) && fact.n === undefined)
  bindAnew([...(binds ? [event] : []), ...releasedBinders(event, released)], player)
  settleFacts(player, { fact, event, bytes })
}

/** Lets the earliest of the candidates bind, unless what binds already stays. */
function bindAnew(candidates: PlayerEvent[], player: Player): void {
  const moment = { logTimeMs: player.context.logTimeMs, parkMs: player.settings.parkMs }
  for (const candidate of candidates.sort(compareEvents)) {
    if (isToBind(candidate, player.doc, moment)) bindTo(candidate, player)
  }
}

function displaceRegistration(event: PlayerEvent, { doc, context, out }: Player): void {
  const before = doc.g
  if (before !== null) {
    doc.f = doc.f.filter((fact) => fact.e !== before.e)
    out.disposition({ receiptId: before.r, eventId: before.e }, 'conflict', 'identity_conflict')
  }
  doc.g = { e: event.event_id, r: event.receipt_id, t: event.occurred_at, l: before?.l ?? context.logTimeMs }
}

function factFrom(event: PlayerEvent, doc: PlayerDoc, deadlineMs: number): OpenFact {
  const missing = missingOriginal(event, doc)
  const fact: OpenFact = { e: event.event_id, r: event.receipt_id, k: factKindOf(event.event_type), d: deadlineMs, s: '', w: null }
  if ((fact.k === 'd' || fact.k === 'r') && event.currency !== null) fact.c = event.currency
  if (missing !== null) fact.n = missing
  return fact
}

/** Of a click, every event that counts may bind, also one that has just stopped waiting. */
function releasedBinders(event: PlayerEvent, released: OpenFact[]): PlayerEvent[] {
  return isClickPlayer(event.player_id) ? released.map(parkedEvent).filter((parked) => parked !== null) : []
}

function playerInHand(brandId: string, playerId: string, context: Context, settings: Settings): Player {
  const doc = playerDocFromText(context.docs.get(playerKey(brandId, playerId)))
  return { brandId, playerId, doc, context, settings, out: outputsOf(context, settings.names) }
}

/** @param deadlineMs the deadline that is scheduled now */
function store({ brandId, playerId, doc, context, settings }: Player, deadlineMs: number | null): void {
  const { docs, logTimeMs } = context
  const key = playerKey(brandId, playerId)
  // Nothing can move the binding any more: only facts that miss their original still wait for something.
  if (doc.m !== null && logTimeMs - doc.m.l > settings.parkMs) doc.f = doc.f.filter((fact) => fact.n !== undefined)
  docs.set(key, JSON.stringify(doc))
  const nextMs = nextDeadlineMs(doc)
  if (nextMs !== deadlineMs) docs.schedule(key, nextMs)
}

/** What cannot be used keeps its place in the chain, and its bytes go where people look. */
function refuse({ event, record, reason }: Extract<Input, { kind: 'poison' }>, context: Context, { names }: Settings): void {
  const { partition, offset } = context.record
  const out = outputsOf(context, names)
  const id = `poison~${partition}~${offset}`
  out.attributed(event ?? { ...tickEvent(partition, context.logTimeMs), event_id: id, receipt_id: id }, 'skip', null, NO_CLICK)
  if (event !== null && event.receipt_id !== '') out.disposition({ receiptId: event.receipt_id, eventId: event.event_id }, 'dead_lettered', null)
  context.emit(deadLetterFrom(record, names.topic('dead-letters'), { step: 'attribution', reason, atMs: context.logTimeMs }))
}
