/** What a person can look up, told apart by the shape of the text alone. */
export type Subject = { kind: 'click'; clickId: string } | { kind: 'receipt'; receiptId: string } | { kind: 'player'; brandId: string; playerId: string }

const CLICK_ID = /^[0-9a-z]{32}$/
const RECEIPT_ID = /^rc_[0-9a-z]{1,64}$/
const EVENT_ID = /^ev_[0-9a-z]{1,64}$/
const PLAYER = /^([a-z0-9_-]{1,64}):([^\p{Cc}]{1,200})$/u

export const SUBJECT_FORMS = 'a click id (32 of 0-9 and a-z), a receipt id (rc_...), or brand_id:player_id'

/** Null when the text has none of the three forms. */
export function subjectFromText(text: string): Subject | null {
  if (RECEIPT_ID.test(text)) return { kind: 'receipt', receiptId: text }
  if (CLICK_ID.test(text)) return { kind: 'click', clickId: text }
  const player = PLAYER.exec(text)
  return player === null ? null : { kind: 'player', brandId: player[1] ?? '', playerId: player[2] ?? '' }
}

/** Verdicts name events; a look-up may start from one, although its receipt is what people are given. */
export function isEventId(text: string): boolean {
  return EVENT_ID.test(text)
}

export function textFromSubject(subject: Subject): string {
  if (subject.kind === 'click') return subject.clickId
  return subject.kind === 'receipt' ? subject.receiptId : `${subject.brandId}:${subject.playerId}`
}
