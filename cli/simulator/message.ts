/** What the plan tells the sender to send. Times are milliseconds since 1970 in the plan's own, virtual time. */

export type EventType = 'registration' | 'deposit' | 'withdrawal' | 'trade_closed' | 'revenue_reported' | 'chargeback' | 'status_change'

export type FraudKind = 'click_flood' | 'bot_farm' | 'scripted_registration' | 'forged_click' | 'shared_external_id' | 'conflicting_repeat' | 'chargeback_ring'

/** Names the fraud that a message belongs to. It is written beside the traffic, never into it. */
export type Label = { kind: FraudKind; campaign: number }

export type ClickMessage = {
  type: 'click'
  /** Names the click inside the plan; its real id comes with the answer. */
  ref: number
  brandId: string
  linkId: string
  /** redirect: the visitor follows the link now; api: somebody reports it, with its time. */
  channel: 'redirect' | 'api'
  /** Who reports it when it goes by API. */
  integrationId: string
  /** Where the landing address carries the click id. */
  clickParam: string
  externalClickId: string
  ip: string
  userAgent: string
  referrer: string | null
  subIds: Record<string, string>
  affiliateClickId: string | null
  /** Later messages that need the click id. */
  uses: number
}

/** How a registration names its click: none, the real id, or something made from it. */
export type ClickClaim = { ref: number; change: 'none' | 'altered' | 'swapped' } | { invented: string }

export type EventChannel = 'get' | 'form' | 'json' | 'batch'

export type EventMessage = {
  type: 'event'
  event: EventType
  brandId: string
  integrationId: string
  playerId: string | null
  click: ClickClaim | null
  channel: EventChannel
  /** false: the sender tells no time, and the edge takes its own. */
  timed: boolean
  /** Everything but player, click and time, under the names of the interface. */
  fields: Record<string, string>
}

export type PlannedMessage = {
  message: ClickMessage | EventMessage
  /** When it happened. */
  occurredAtMs: number
  /** When it is sent; later than it happened for what comes out of order. */
  sendAtMs: number
  /** A person whose messages keep their order. */
  journey: number
  repeat: boolean
  label: Label | null
}
