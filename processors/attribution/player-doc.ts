import type { Binding, DispositionReason, EventType, PlayerEvent } from '../../schemas/records.generated.ts'
import { codecs } from '../../schemas/codec.ts'
import type { Rates } from './bind.ts'
import { LONG_MARK, placeOfMark, SHORT_MARK } from './marks.ts'

/**
 * Everything attribution knows about a player, kept as JSON for ever. Names are short since there are many players.
 * A document is only ever read by the layout it names.
 */
export type PlayerDoc = {
  v: typeof LAYOUT
  /** Facts seen: the first of each identity, as identity mark and event mark. */
  h: string
  /** Further event marks: test traffic, and other contents of an identity that was taken. */
  x: string
  /** Marks of what facts can refer to. */
  o: string
  /** Marks of revenue reports. */
  q: string
  /** Facts whose disposition can still change, in log order. */
  f: OpenFact[]
  /** The registration that stands. */
  g: Standing | null
  /** The event that binds; of a player it is the registration. */
  m: Binder | null
  /** The newest binding. */
  b: StoredBinding | null
}

/** An event by its place among the events of the player, and the log time at which the first of its kind came. */
export type Standing = { e: string; r: string; t: number; l: number }
type Binder = Standing & { rates: Rates; cat: string }

export type OpenFact = {
  /** event_id */
  e: string
  /** receipt_id */
  r: string
  k: FactKind
  /** Currency, where a rate is needed for it. */
  c?: string
  /** Log time at which waiting ends. */
  d: number
  /** Mark of the original that is missing. */
  n?: string
  /** The record as it came, in base64, while the fact is parked. */
  p?: string
  /** 1: waiting has ended. */
  x?: 1
  /** Disposition and reason as last said; '' before the first time. */
  s: '' | 'parked' | 'unattributed' | 'applied'
  w: DispositionReason | null
}

/** d: needs a rate for deposits; r: for revenue; s: the operator's word; o: all else. */
type FactKind = 'd' | 'r' | 's' | 'o'

type StoredBinding = [
  id: string,
  affiliate: string | null,
  offer: string | null,
  link: string | null,
  click: string | null,
  clickedAt: number | null,
  boundAt: number,
  evidence: Binding['evidence'],
  reason: Binding['reason'],
  candidates: string[],
  eventId: string,
  sourceOffset: number,
  index: number,
]

const LAYOUT = 1
const SEEN_STRIDE = SHORT_MARK + LONG_MARK

export function playerDocFromText(text: string | null): PlayerDoc {
  if (text === null) return { v: LAYOUT, h: '', x: '', o: '', q: '', f: [], g: null, m: null, b: null }
  const doc = JSON.parse(text) as PlayerDoc
  if (doc.v !== LAYOUT) throw new Error(`a player document of layout ${String(doc.v)}, this version reads ${LAYOUT}: rebuild the state`)
  return doc
}

export function factKindOf(type: EventType): FactKind {
  if (type === 'deposit') return 'd'
  if (type === 'revenue_reported') return 'r'
  return type === 'status_change' ? 's' : 'o'
}

/** The fact as it came, while it is parked. */
export function parkedEvent(fact: OpenFact): PlayerEvent | null {
  return fact.p === undefined ? null : codecs.PlayerEvent.decode(Buffer.from(fact.p, 'base64'))
}

/** `new`, the same fact again, or another content under an identity that is taken. */
export function recall(doc: PlayerDoc, identity: string, event: string): 'new' | 'repeated' | 'other_content' {
  if (placeOfMark(doc.x, event, LONG_MARK) >= 0) return 'repeated'
  const at = placeOfMark(doc.h, identity, SEEN_STRIDE)
  if (at < 0) return 'new'
  return doc.h.startsWith(event, at + SHORT_MARK) ? 'repeated' : 'other_content'
}

/** The earliest log time at which a parked fact's waiting ends. */
export function nextDeadlineMs(doc: PlayerDoc): number | null {
  let nextMs: number | null = null
  for (const fact of doc.f) if (fact.p !== undefined && (nextMs === null || fact.d < nextMs)) nextMs = fact.d
  return nextMs
}

export function storedBinding(binding: Binding): StoredBinding {
  return [
    binding.binding_id,
    binding.affiliate_id,
    binding.offer_id,
    binding.link_id,
    binding.click_id,
    binding.clicked_at,
    binding.bound_at,
    binding.evidence,
    binding.reason,
    binding.candidates,
    binding.event_id,
    binding.source_offset,
    binding.index,
  ]
}

export function bindingOf(doc: PlayerDoc, brandId: string, playerId: string): Binding | null {
  if (doc.b === null) return null
  const [id, affiliate, offer, link, click, clickedAt, boundAt, evidence, reason, candidates, eventId, sourceOffset, index] = doc.b
  return {
    binding_id: id,
    brand_id: brandId,
    player_id: playerId,
    affiliate_id: affiliate,
    offer_id: offer,
    link_id: link,
    click_id: click,
    clicked_at: clickedAt,
    bound_at: boundAt,
    evidence,
    reason,
    candidates,
    event_id: eventId,
    source_offset: sourceOffset,
    index,
  }
}
