import { exchange } from './http-exchange.ts'
import type { ClickMessage, EventMessage, PlannedMessage } from './message.ts'
import { altered, swapped } from './forge.ts'

/** Sends what the plan says over HTTP, and joins the click ids that come back to the events that need them. */

export type Outcome =
  | { status: 'accepted'; clickId: string | null; eventId: string | null; player: string | null }
  | { status: 'rejected'; code: string }
  /** The edge was away or busy for too long. */
  | { status: 'failed'; code: string }
  /** An event whose click was never acknowledged has nothing to name. */
  | { status: 'skipped'; code: string }

export type SenderOptions = {
  ingestUrl: string
  /** Secret of an integration, by its id. */
  secrets: Readonly<Record<string, string>>
  signal: AbortSignal
}

export type Sender = {
  /** Outcomes in the order of the messages. Messages of one journey go out in their order. */
  send(messages: readonly PlannedMessage[]): Promise<Outcome[]>
}

const batchItemsMax = 500
const connectionsMax = 24
const postAttemptsMax = 12
/** A visitor whose page does not load tries once more and leaves. */
const redirectAttemptsMax = 2
/** A click that went out later than planned moves what its visitor does next by as much. */
const skewLeastMs = 1000
const skewsRemembered = 50_000

type KnownClick = { id: string; uses: number }
type Item = { planned: PlannedMessage; index: number }

export function createSender(options: SenderOptions): Sender {
  const clicks = new Map<number, KnownClick>()
  const skews = new Map<number, number>()

  async function send(messages: readonly PlannedMessage[]): Promise<Outcome[]> {
    const outcomes: Outcome[] = new Array<Outcome>(messages.length)
    const items = messages.map((planned, index) => ({ planned, index }))
    const clickItems = items.filter(({ planned }) => planned.message.type === 'click')
    const eventItems = items.filter(({ planned }) => planned.message.type === 'event')
    const note = (index: number, outcome: Outcome) => {
      outcomes[index] = outcome
    }
    await run([...redirectTasks(clickItems, note), ...clickBatchTasks(clickItems, note)])
    for (const wave of wavesOf(eventItems)) await run([...postbackTasks(wave, note), ...eventBatchTasks(wave, note)])
    return outcomes
  }

  function redirectTasks(items: Item[], note: (index: number, outcome: Outcome) => void): (() => Promise<void>)[] {
    return items.flatMap(({ planned, index }) => {
      const click = planned.message as ClickMessage
      return click.channel === 'redirect' ? [async () => note(index, await follow(click, planned))] : []
    })
  }

  async function follow(click: ClickMessage, planned: PlannedMessage): Promise<Outcome> {
    const query = new URLSearchParams({ ...click.subIds, ...(click.affiliateClickId !== null && { affiliate_click_id: click.affiliateClickId }) })
    const headers: Record<string, string> = { 'user-agent': click.userAgent, 'x-forwarded-for': click.ip }
    if (click.referrer !== null) headers.referer = click.referrer
    const answer = await exchange(
      { method: 'GET', url: `${options.ingestUrl}/c/${click.linkId}?${query.toString()}`, headers, attemptsMax: redirectAttemptsMax },
      options.signal,
    )
    if (answer === null || answer.status >= 500 || answer.status === 429)
      return { status: 'failed', code: answer === null ? 'no_answer' : String(answer.status) }
    const id = answer.location === null ? null : URL.parse(answer.location)?.searchParams.get(click.clickParam)
    if (answer.status !== 302 || !id) return { status: 'rejected', code: codeOf(answer.body, answer.status) }
    const skewMs = Date.now() - planned.occurredAtMs
    if (skewMs > skewLeastMs) rememberSkew(planned.journey, skewMs)
    rememberClick(click, id)
    return { status: 'accepted', clickId: id, eventId: null, player: null }
  }

  function clickBatchTasks(items: Item[], note: (index: number, outcome: Outcome) => void): (() => Promise<void>)[] {
    const reported = items.filter(({ planned }) => (planned.message as ClickMessage).channel === 'api')
    return batchesBy(reported, ({ planned }) => planned.message.integrationId).map(([integrationId, batch]) => async () => {
      const body = batch.map(({ planned }) => clickBody(planned.message as ClickMessage, planned.occurredAtMs))
      const answers = await postBatch('/v1/clicks', integrationId, body)
      batch.forEach(({ planned, index }, at) => {
        const outcome = itemOutcome(answers, at)
        if (outcome.status === 'accepted' && outcome.clickId !== null) rememberClick(planned.message as ClickMessage, outcome.clickId)
        note(index, outcome)
      })
    })
  }

  function postbackTasks(items: Item[], note: (index: number, outcome: Outcome) => void): (() => Promise<void>)[] {
    return items.flatMap(({ planned, index }) => {
      const event = planned.message as EventMessage
      return event.channel === 'batch' ? [] : [async () => note(index, await postback(event, planned))]
    })
  }

  async function postback(event: EventMessage, planned: PlannedMessage): Promise<Outcome> {
    const fields = fieldsOf(event, planned)
    if (fields === null) return clickMissing
    const url = `${options.ingestUrl}/v1/postbacks/${event.integrationId}`
    const secret = options.secrets[event.integrationId] ?? ''
    const headers = { authorization: `Bearer ${secret}` }
    const request =
      event.channel === 'get'
        ? { method: 'GET' as const, url: `${url}?${new URLSearchParams(fields).toString()}`, headers }
        : event.channel === 'form'
          ? {
              method: 'POST' as const,
              url,
              headers: { ...headers, 'content-type': 'application/x-www-form-urlencoded' },
              body: new URLSearchParams(fields).toString(),
            }
          : { method: 'POST' as const, url, headers: { ...headers, 'content-type': 'application/json' }, body: JSON.stringify(jsonFields(fields)) }
    const answer = await exchange({ ...request, attemptsMax: postAttemptsMax }, options.signal)
    if (answer === null) return { status: 'failed', code: 'no_answer' }
    if (answer.status === 200) return accepted(answer.body, event)
    return { status: answer.status >= 500 || answer.status === 429 ? 'failed' : 'rejected', code: codeOf(answer.body, answer.status) }
  }

  function eventBatchTasks(items: Item[], note: (index: number, outcome: Outcome) => void): (() => Promise<void>)[] {
    const batched = items.filter(({ planned }) => (planned.message as EventMessage).channel === 'batch')
    return batchesBy(batched, ({ planned }) => planned.message.integrationId).map(([integrationId, batch]) => async () => {
      const ready = batch.flatMap((item) => {
        const fields = fieldsOf(item.planned.message as EventMessage, item.planned)
        if (fields === null) note(item.index, clickMissing)
        return fields === null ? [] : [{ item, body: jsonFields(fields) }]
      })
      if (ready.length === 0) return
      const answers = await postBatch(
        '/v1/events',
        integrationId,
        ready.map(({ body }) => body),
      )
      ready.forEach(({ item }, at) => note(item.index, itemOutcome(answers, at, item.planned.message as EventMessage)))
    })
  }

  async function postBatch(path: string, integrationId: string, body: unknown[]): Promise<{ items: unknown[]; status: number; body: unknown }> {
    const headers = { authorization: `Bearer ${options.secrets[integrationId] ?? ''}`, 'content-type': 'application/json' }
    const answer = await exchange(
      { method: 'POST', url: `${options.ingestUrl}${path}`, headers, body: JSON.stringify(body), attemptsMax: postAttemptsMax },
      options.signal,
    )
    const items = isObject(answer?.body) && Array.isArray(answer.body.items) ? (answer.body.items as unknown[]) : []
    return { items, status: answer?.status ?? 0, body: answer?.body }
  }

  /** The fields as sent, or null when the click they must name is not known. */
  function fieldsOf(event: EventMessage, planned: PlannedMessage): Record<string, string> | null {
    const clickId = event.click === null ? null : 'invented' in event.click ? event.click.invented : useClick(event.click)
    if (event.click !== null && clickId === null) return null
    const skewMs = skews.get(planned.journey) ?? 0
    return {
      event: event.event,
      ...(event.playerId !== null && { player_id: event.playerId }),
      ...(clickId !== null && { click_id: clickId }),
      ...event.fields,
      ...(event.timed && { occurred_at: new Date(planned.occurredAtMs + skewMs).toISOString() }),
    }
  }

  function useClick({ ref, change }: { ref: number; change: 'none' | 'altered' | 'swapped' }): string | null {
    const known = clicks.get(ref)
    if (known === undefined) return null
    known.uses -= 1
    if (known.uses <= 0) clicks.delete(ref)
    return change === 'altered' ? altered(known.id) : change === 'swapped' ? swapped(known.id) : known.id
  }

  function rememberClick(click: ClickMessage, id: string): void {
    if (click.uses > 0 && !clicks.has(click.ref)) clicks.set(click.ref, { id, uses: click.uses })
  }

  function rememberSkew(journey: number, skewMs: number): void {
    if (skews.size >= skewsRemembered) skews.delete(skews.keys().next().value ?? -1)
    skews.set(journey, skewMs)
  }

  return { send }
}

const clickMissing: Outcome = { status: 'skipped', code: 'click_not_acknowledged' }

/** The n-th event of each journey, then the next: order within a journey, none between them. */
function wavesOf(items: Item[]): Item[][] {
  const waves: Item[][] = []
  const counts = new Map<number, number>()
  for (const item of items) {
    const n = counts.get(item.planned.journey) ?? 0
    counts.set(item.planned.journey, n + 1)
    const wave = waves[n] ?? []
    wave.push(item)
    waves[n] = wave
  }
  return waves
}

function batchesBy<T>(items: T[], keyOf: (item: T) => string): [string, T[]][] {
  return [...Map.groupBy(items, keyOf)].flatMap(([key, group]) =>
    Array.from({ length: Math.ceil(group.length / batchItemsMax) }, (_, n): [string, T[]] => [key, group.slice(n * batchItemsMax, (n + 1) * batchItemsMax)]),
  )
}

function clickBody(click: ClickMessage, occurredAtMs: number): Record<string, unknown> {
  return {
    external_click_id: click.externalClickId,
    link_id: click.linkId,
    occurred_at: new Date(occurredAtMs).toISOString(),
    ip: click.ip,
    user_agent: click.userAgent,
    ...(click.referrer !== null && { referrer: click.referrer }),
    ...(Object.keys(click.subIds).length > 0 && { sub_ids: click.subIds }),
    ...(click.affiliateClickId !== null && { affiliate_click_id: click.affiliateClickId }),
  }
}

/** JSON has numbers and truth where a query has only text. */
function jsonFields(fields: Record<string, string>): Record<string, unknown> {
  return {
    ...fields,
    ...(fields.revision !== undefined && { revision: Number(fields.revision) }),
    ...(fields.is_test !== undefined && { is_test: fields.is_test === 'true' }),
  }
}

function itemOutcome(answers: { items: unknown[]; status: number; body: unknown }, at: number, event?: EventMessage): Outcome {
  const item = answers.items.find((candidate) => isObject(candidate) && candidate.index === at)
  if (answers.status === 202 && isObject(item)) {
    if (item.status === 'accepted') return accepted(item, event)
    return { status: 'rejected', code: isObject(item.error) ? String(item.error.code) : 'unknown' }
  }
  const away = answers.status === 0 || answers.status >= 500 || answers.status === 429
  return { status: away ? 'failed' : 'rejected', code: answers.status === 0 ? 'no_answer' : codeOf(answers.body, answers.status) }
}

function accepted(body: unknown, event?: EventMessage): Outcome {
  const text = (name: string): string | null => (isObject(body) && typeof body[name] === 'string' ? body[name] : null)
  return { status: 'accepted', clickId: text('click_id'), eventId: text('event_id'), player: event?.playerId ? `${event.brandId}:${event.playerId}` : null }
}

const codeOf = (body: unknown, status: number): string => (isObject(body) && typeof body.code === 'string' ? body.code : String(status))
const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null

async function run(tasks: (() => Promise<void>)[]): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    for (;;) {
      const task = tasks[next++]
      if (task === undefined) return
      await task()
    }
  }
  await Promise.all(Array.from({ length: Math.min(connectionsMax, tasks.length) }, worker))
}
