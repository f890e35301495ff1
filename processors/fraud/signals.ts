import { ruleIds } from './rules/registry.ts'
import { ipVelocityReason, mostClicksAround } from './rules/ip-velocity.ts'
import type { EventSignals, ExternalIdSignal, IpSignal } from './rules/rule.ts'
import { type ClickMarks, isCaughtUp, isCompleteSince } from './caught-up.ts'
import { claimOf, isBindingEvent } from './click-claim.ts'
import { type FraudInput, type FraudSignals, namedByTick } from './core.ts'
import { watchedFromDoc } from './watched.ts'
import { shortPlayer } from './window-keys.ts'
import { FLOOD_MEMORY_MS, IP_WINDOW_MS_MAX, type IpWindow, type Windows } from './windows.ts'
import { type Catalog, type FraudRule, type IpClass, ruleOf } from '../../catalog/catalog.ts'
import type { Work } from '../../runtime/chain-step.ts'
import type { ClickKeys } from '../../schemas/click-id.ts'
import type { AttributedEvent, Click } from '../../schemas/records.generated.ts'
import { MONEY_PARTITIONS } from '../../schemas/topics.ts'

/** An ingest clock may be ahead of the log by this much. */
const CLOCK_TOLERANCE_MS = 300_000
/** A moment's patience here spares another look, which in a silent partition costs a record in the log. */
const CATCH_UP_MS = 200
const CATCH_UP_PAUSE_MS = 40

export type ClickIp = Pick<Click, 'ip_hash' | 'ip_class' | 'occurred_at' | 'received_at'>
/** Stored clicks by id. An id without an entry is not stored; `filling`: the store is not complete at the moment. */
export type FindClicks = (clickIds: readonly string[]) => Promise<ReadonlyMap<string, ClickIp | 'filling'>>

export type SignalSources = {
  windows: Windows
  clickMarks: ClickMarks
  findClicks: FindClicks
  catalogOf: (version: string) => Promise<Catalog>
  clickKeys: ClickKeys
  settleMs: number
  /** Has events looked at again, in whatever partition they are. Resolves when that is certain. */
  askRecheck: (events: { partition: number; eventId: string }[]) => Promise<void>
  nowMs: () => number
  pause: (ms: number) => Promise<void>
}

type Subject = {
  attributed: AttributedEvent
  partition: number
  /** When the verdict may become settled with these signals: the end of its wait, by log time. Null: it may not. */
  settlesAtMs: number | null
  /** First sight, or the end of the provisional verdict: others with the same external id are told. */
  tells: boolean
}

type Prepared = Subject & { ruleSet: FraudRule[]; catalog: Catalog }

/** The only I/O of scoring: gathers what the rules look at for every event of the batch that may get a verdict. */
export async function gatherSignals(work: Work<FraudInput>, sources: SignalSources): Promise<FraudSignals> {
  const subjects = await Promise.all([...subjectsOf(work, sources.settleMs).values()].map((subject) => withRules(subject, sources)))
  if (subjects.length === 0) return new Map()
  const [ips, externalIds] = await Promise.all([gatherIps(subjects, sources), gatherExternalIds(subjects, sources)])
  const found = subjects.map((subject, i): [string, { ruleSet: FraudRule[]; signals: EventSignals }] => {
    const { attributed, ruleSet, catalog } = subject
    const signals: EventSignals = {
      event: attributed.event,
      binds: isBindingEvent(attributed),
      clickedAtMs: attributed.binding?.clicked_at ?? null,
      ip: ips[i]!,
      externalId: externalIds[i]!,
      claim: claimOf(attributed, sources.clickKeys, catalog),
    }
    return [attributed.event_id, { ruleSet, signals }]
  })
  return new Map(found)
}

function subjectsOf({ inputs, due, docs }: Work<FraudInput>, settleMs: number): Map<string, Subject> {
  const subjects = new Map<string, Subject>()
  const newestMs = inputs.reduce((newest, { record }) => Math.max(newest, record.timestampMs), 0)
  const partition = inputs[0]?.record.partition ?? 0
  const addKept = (eventId: string, tells: boolean) => {
    const watched = watchedFromDoc(docs.get(eventId))
    if (watched === null || subjects.has(eventId)) return
    const settling = watched.next === 'settle'
    subjects.set(eventId, {
      attributed: watched.scored.attributed,
      partition,
      settlesAtMs: settling ? watched.sinceMs + settleMs : 0,
      tells: tells && settling,
    })
  }
  for (const { record, attributed } of inputs) {
    if (attributed?.kind !== 'event') continue
    const settlesAtMs = record.timestampMs + settleMs
    subjects.set(attributed.event_id, { attributed, partition, settlesAtMs: newestMs >= settlesAtMs ? settlesAtMs : null, tells: true })
  }
  for (const { attributed } of inputs) {
    const named = attributed === null ? null : namedByTick(attributed)
    if (named !== null) addKept(named[0], false)
  }
  for (const eventId of due) if (watchedFromDoc(docs.get(eventId))?.next !== 'drop') addKept(eventId, true)
  return subjects
}

async function withRules(subject: Subject, sources: SignalSources): Promise<Prepared> {
  const catalog = await sources.catalogOf(subject.attributed.event.catalog_version)
  return { ...subject, catalog, ruleSet: ruleIds.map((id) => ruleOf(catalog, id)) }
}

type IpQuery = { i: number; ipHash: string; ipClass: IpClass; atMs: number; receivedAtMs: number; windowMs: number }

async function gatherIps(subjects: Prepared[], sources: SignalSources): Promise<IpSignal[]> {
  const signals: IpSignal[] = subjects.map(() => ({ state: 'none' }))
  const bound = [...subjects.keys()].filter((i) => boundClickId(subjects[i]!.attributed) !== null)
  if (bound.length === 0) return signals
  const queries = await ipQueries(subjects, bound, sources, (i, waiting) => {
    signals[i] = { state: 'unknown', waiting }
  })
  const watches: Parameters<Windows['watchIps']>[0] = []
  for (const [n, { meta, times, size, caughtUp }] of (await readCaughtUp(queries, subjects, sources)).entries()) {
    const { i, ipHash, ipClass, atMs, receivedAtMs, windowMs } = queries[n]!
    const remembered = isCompleteSince(meta, atMs - windowMs - CLOCK_TOLERANCE_MS) && receivedAtMs > sources.nowMs() - FLOOD_MEMORY_MS
    const { attributed, partition, settlesAtMs, catalog } = subjects[i]!
    const rule = ruleOf(catalog, 'ip-velocity')
    // What is seen already counts, however much is missing.
    const flooded = ipVelocityReason(mostClicksAround(times, atMs, windowMs), ipClass, rule) !== null
    signals[i] = flooded || (caughtUp && remembered) ? { state: 'known', ipClass, clickedAtMs: atMs, times } : { state: 'unknown', waiting: !caughtUp }
    if (settlesAtMs !== null && !flooded)
      watches.push({ ipHash, eventId: attributed.event_id, partition, atMs, windowMs, limit: rule.params.maxClicks[ipClass], size })
  }
  await sources.windows.watchIps(watches)
  return signals
}

/** Reads the windows, and for verdicts that are to settle again for a moment while the clicks loop comes up to the end of the log. */
async function readCaughtUp(queries: IpQuery[], subjects: Prepared[], sources: SignalSources): Promise<(IpWindow & { caughtUp: boolean })[]> {
  // Taken before the windows are read: what they have applied by then covers these ends.
  const ends = await Promise.all(queries.map(({ i }) => sources.clickMarks(subjects[i]!.settlesAtMs ?? 0)))
  const deadlineMs = sources.nowMs() + CATCH_UP_MS
  for (;;) {
    const windows = await sources.windows.readIps(queries)
    const read = windows.map((window, n) => ({ ...window, caughtUp: isCaughtUp(window.meta, ends[n]!) }))
    const late = read.some(({ caughtUp }, n) => !caughtUp && subjects[queries[n]!.i]!.settlesAtMs !== null)
    if (!late || sources.nowMs() >= deadlineMs) return read
    await sources.pause(CATCH_UP_PAUSE_MS)
  }
}

async function ipQueries(subjects: Prepared[], bound: number[], sources: SignalSources, unknown: (i: number, waiting: boolean) => void): Promise<IpQuery[]> {
  const missing = bound.filter((i) => joinedClick(subjects[i]!.attributed) === null).map((i) => boundClickId(subjects[i]!.attributed)!)
  const found = missing.length === 0 ? new Map<string, ClickIp | 'filling'>() : await sources.findClicks(missing)
  return bound.flatMap((i) => {
    const { attributed, catalog } = subjects[i]!
    const click = joinedClick(attributed) ?? found.get(boundClickId(attributed)!) ?? null
    if (click === null || click === 'filling') {
      unknown(i, click !== null)
      return []
    }
    const windowMs = Math.min(ruleOf(catalog, 'ip-velocity').params.windowMs, IP_WINDOW_MS_MAX)
    return [{ i, ipHash: click.ip_hash, ipClass: click.ip_class, atMs: click.occurred_at, receivedAtMs: click.received_at, windowMs }]
  })
}

/** The click that bound the player, of the event that binds. */
function boundClickId(attributed: AttributedEvent): string | null {
  return isBindingEvent(attributed) ? (attributed.binding?.click_id ?? null) : null
}

/** A click that was made up from its id has no address to count. */
function joinedClick({ click, click_state, binding }: AttributedEvent): Click | null {
  return click !== null && click_state === 'joined' && click.click_id === binding?.click_id ? click : null
}

async function gatherExternalIds(subjects: Prepared[], sources: SignalSources): Promise<ExternalIdSignal[]> {
  const signals: ExternalIdSignal[] = subjects.map(() => ({ state: 'none' }))
  const named = [...subjects.keys()].filter((i) => isNamed(subjects[i]!.attributed))
  const places = await sources.windows.useExternalIds(named.map((i) => ({ event: subjects[i]!.attributed.event, partition: subjects[i]!.partition })))
  const concerned = new Map<string, { partition: number; eventId: string }>()
  for (const [n, i] of named.entries()) {
    const { attributed, tells } = subjects[i]!
    const { meta, users } = places[n]!
    const own = shortPlayer(attributed.event)
    const others = users.filter(({ player }) => player !== own)
    const complete = meta.externalIds.size === MONEY_PARTITIONS
    signals[i] = complete || others.length > 0 ? { state: 'known', others } : { state: 'unknown', waiting: true }
    if (tells) for (const { partition, eventId } of others) concerned.set(eventId, { partition, eventId })
  }
  if (concerned.size > 0) await sources.askRecheck([...concerned.values()])
  return signals
}

function isNamed({ event }: AttributedEvent): boolean {
  return event.external_event_id !== '' && !event.is_test
}
