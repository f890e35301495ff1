import { ledgerLines, balanceSentences } from './timeline-money.ts'
import type { PlayerFacts, TraceFacts } from './queries/trace.ts'
import type { BindingRow, ClickRow, EventRow, VerdictReasonRow, VerdictRow } from './rows.ts'
import { textFromSubject } from './subject.ts'
import { decisionInWords, dispositionInWords, durationInWords, eventInWords, networkInWords, plural, reasonInWords } from './words.ts'

export type TimelineTone = 'plain' | 'good' | 'warn' | 'bad'
export type TimelineLine = { text: string; tone: TimelineTone }
export type TimelineStep = {
  /** RFC 3339, or null when the time is not known. */
  at: string | null
  kind: 'click' | 'event'
  title: string
  /** Disposition of an event; null for a click. */
  state: string | null
  tone: TimelineTone
  /** What a person may quote: receipt or click id. */
  id: string
  lines: TimelineLine[]
}
export type Timeline = { subject: string; headline: string; summary: string[]; steps: TimelineStep[]; truncated: boolean }

const SECOND_MS = 1_000

/** Tells the facts in the order in which they happened, each with what became of it and why. Pure. */
export function timelineFromFacts(facts: TraceFacts): Timeline {
  const steps = [...clickSteps(facts), ...facts.players.flatMap((player) => player.events.map((event) => eventStep(event, player, facts)))].sort(
    (a, b) => (a.at ?? '').localeCompare(b.at ?? '') || a.kind.localeCompare(b.kind),
  )
  return {
    subject: textFromSubject(facts.subject),
    headline: headlineOf(facts),
    summary: facts.players.flatMap((player) => summaryOf(player)),
    steps,
    truncated: facts.truncated,
  }
}

function headlineOf(facts: TraceFacts): string {
  if (facts.subject.kind === 'click') return `Click ${facts.subject.clickId}`
  const player = facts.players[0]
  const name = player === undefined ? '' : `${player.brandId}:${player.playerId}`
  return facts.subject.kind === 'receipt' ? `Receipt ${facts.subject.receiptId} of player ${name}` : `Player ${name}`
}

function summaryOf(player: PlayerFacts): string[] {
  const name = `${player.brandId}:${player.playerId}`
  return [bindingSentence(name, player.binding), `${plural(player.events.length, 'event')} received.`, ...balanceSentences(player.entries)]
}

function bindingSentence(name: string, binding: BindingRow | null): string {
  if (binding === null) return `Player ${name} is bound to nobody yet: no registration has been decided.`
  if (binding.affiliate_id === null) return `Player ${name} is bound to no affiliate: ${reasonInWords(binding.reason)}.`
  const offer = binding.offer_id === null ? '' : ` for offer ${binding.offer_id}`
  const by = binding.evidence === 'promo_code' ? 'by promo code' : 'by click'
  return `Player ${name} is bound to affiliate ${binding.affiliate_id}${offer}, ${by}.`
}

function clickSteps(facts: TraceFacts): TimelineStep[] {
  const stored = facts.clicks.map((click) => storedClickStep(click, facts))
  const { subject, signed } = facts
  if (subject.kind !== 'click' || signed === null || facts.clicks.some((click) => click.click_id === subject.clickId)) return stored
  return [
    ...stored,
    {
      at: new Date(signed.clickedAtMs).toISOString(),
      kind: 'click',
      title: `Click on link ${signed.linkId ?? '(unknown to the catalog)'}`,
      state: null,
      tone: 'plain',
      id: subject.clickId,
      lines: [
        plain(`Affiliate ${signed.affiliateId ?? 'unknown'}, offer ${signed.offerId ?? 'unknown'}.`),
        plain("The id is signed by us and names link and time by itself; the click's own record is not stored (yet)."),
      ],
    },
  ]
}

function storedClickStep(click: ClickRow, facts: TraceFacts): TimelineStep {
  const device = [click.browser, click.os].filter(Boolean).join(' on ')
  const from = [`from ${networkInWords(click.ip_class)} (${click.ip_prefix})`, click.country === null || click.country === '' ? '' : `in ${click.country}`]
  const verdict = latest(facts.clickVerdicts.filter((row) => row.subject_id === click.click_id))
  return {
    at: click.occurred_at,
    kind: 'click',
    title: `Click on link ${click.link_id}`,
    state: null,
    tone: verdict === null ? 'plain' : toneOfDecision(verdict.decision),
    id: click.click_id,
    lines: [
      plain(`Affiliate ${click.affiliate_id}, offer ${click.offer_id}, brand ${click.brand_id}.`),
      plain(`Came ${from.filter(Boolean).join(' ')}${device === '' ? '' : `, with ${device}`}${click.referrer_host ? `, from ${click.referrer_host}` : ''}.`),
      ...(click.is_bot ? [{ text: 'The browser names itself a bot.', tone: 'warn' as const }] : []),
      ...verdictLines(
        facts.clickVerdicts.filter((row) => row.subject_id === click.click_id),
        facts.reasons,
      ),
    ],
  }
}

function eventStep(event: EventRow, player: PlayerFacts, facts: TraceFacts): TimelineStep {
  const verdicts = player.verdicts.filter((verdict) => verdict.subject_id === event.event_id)
  return {
    at: event.occurred_at,
    kind: 'event',
    title: eventTitle(event),
    state: event.disposition,
    tone: toneOfDisposition(event.disposition),
    id: event.receipt_id,
    lines: [
      plain(sentLine(event)),
      { text: dispositionLine(event), tone: toneOfDisposition(event.disposition) },
      ...(bindsBy(event, player) ? evidenceLines(event, player.binding, facts.clicks) : []),
      ...verdictLines(verdicts, facts.reasons),
      ...ledgerLines(player.entries, event.event_id),
    ],
  }
}

function eventTitle(event: EventRow): string {
  const name = eventInWords(event.event_type)
  const money = event.amount === null ? '' : ` ${event.amount} ${event.currency ?? ''}`
  if (event.event_type === 'trade_closed') return `${name} of ${event.lots ?? '?'} lots ${event.instrument ?? ''}`.trim()
  if (event.event_type === 'revenue_reported') return `${name}${money} for ${event.period ?? '?'}, revision ${event.revision ?? '?'}`
  if (event.event_type === 'status_change') return `${name}: ${event.status ?? '?'} for ${event.refers_to ?? '?'}`
  return `${name}${money}${event.refers_to ? ` of ${event.refers_to}` : ''}`
}

function sentLine(event: EventRow): string {
  const delayMs = Date.parse(event.received_at) - Date.parse(event.occurred_at)
  const delay = delayMs > SECOND_MS ? `, ${durationInWords(delayMs)} after it happened` : ''
  const name = event.external_event_id === '' ? '' : ` as ${event.external_event_id}`
  return `Sent by ${event.integration_id}${name}${delay}.`
}

function dispositionLine(event: EventRow): string {
  const why = event.reason ? `: ${reasonInWords(event.reason)}` : ''
  return `${capital(dispositionInWords(event.disposition))}${why}.`
}

/** The event that decided the binding; while nothing is decided, the first registration. */
function bindsBy(event: EventRow, player: PlayerFacts): boolean {
  if (player.binding !== null && player.binding.event_id !== '') return event.event_id === player.binding.event_id
  return event === player.events.find((other) => other.event_type === 'registration')
}

function evidenceLines(event: EventRow, binding: BindingRow | null, clicks: ClickRow[]): TimelineLine[] {
  const lines = [plain(evidenceOffered(event))]
  if (binding === null) return lines
  if (binding.candidates.length > 0) lines.push(plain(`Considered, strongest first: ${binding.candidates.join(', ')}.`))
  if (binding.affiliate_id === null) return [...lines, { text: `No affiliate: ${reasonInWords(binding.reason)}.`, tone: 'warn' }]
  return [...lines, { text: `Affiliate ${binding.affiliate_id}: ${whyBound(event, binding, clicks)}.`, tone: 'good' }]
}

function evidenceOffered(event: EventRow): string {
  const offered = [event.click_id ? `click ${event.click_id}` : '', event.promo_code ? `promo code ${event.promo_code}` : ''].filter(Boolean)
  return offered.length === 0 ? 'It named no click and no promo code.' : `It named ${offered.join(' and ')}.`
}

function whyBound(event: EventRow, binding: BindingRow, clicks: ClickRow[]): string {
  if (binding.evidence === 'promo_code') return 'the promo code is theirs, was valid at the time, and outranks the other evidence'
  const clickedAt = binding.clicked_at ?? clicks.find((click) => click.click_id === binding.click_id)?.occurred_at
  if (!clickedAt) return 'the click is theirs'
  const gapMs = Date.parse(event.occurred_at) - Date.parse(clickedAt)
  return `the click is theirs and came ${durationInWords(gapMs)} ${gapMs < 0 ? 'after' : 'before'} it, within the offer's window`
}

function verdictLines(verdicts: VerdictRow[], reasons: VerdictReasonRow[]): TimelineLine[] {
  const last = latest(verdicts)
  if (last === null) return []
  const first = verdicts.find((verdict) => verdict !== last && verdict.decision !== last.decision)
  const before = first === undefined ? '' : ` At first it was ${first.decision} with score ${first.score}.`
  const state = last.settled ? 'settled' : 'provisional: more may arrive'
  const own = reasons.filter((reason) => reason.verdict_id === last.verdict_id && reason.revision === last.revision)
  return [
    { text: `Verdict ${last.score} of 100, ${decisionInWords(last.decision)} (${state}).${before}`, tone: toneOfDecision(last.decision) },
    ...own.map((reason) => reasonLine(reason)),
    ...(last.completeness < 1 ? [{ text: `Judged with ${Math.round(last.completeness * 100)} % of the windows complete.`, tone: 'warn' as const }] : []),
  ]
}

function reasonLine(reason: VerdictReasonRow): TimelineLine {
  const measured = reason.observed === null ? '' : ` (observed ${reason.observed}${reason.threshold === null ? '' : `, threshold ${reason.threshold}`})`
  const shadow = reason.shadow ? ' This rule only watches; it changed nothing.' : ''
  return { text: `${reason.rule_id} v${reason.rule_version}: ${reason.text}${measured}.${shadow}`, tone: reason.shadow ? 'plain' : 'warn' }
}

function latest(verdicts: VerdictRow[]): VerdictRow | null {
  return verdicts.reduce<VerdictRow | null>((best, verdict) => (best === null || verdict.revision > best.revision ? verdict : best), null)
}

function toneOfDisposition(disposition: string): TimelineTone {
  if (disposition === 'applied') return 'good'
  return disposition === 'conflict' || disposition === 'dead_lettered' ? 'bad' : disposition === 'filtered' ? 'plain' : 'warn'
}

function toneOfDecision(decision: string): TimelineTone {
  if (decision === 'allow') return 'good'
  return decision === 'review' ? 'warn' : 'bad'
}

function plain(text: string): TimelineLine {
  return { text, tone: 'plain' }
}

function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
