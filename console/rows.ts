/** Rows of the public views as JSON carries them: times in RFC 3339, money as decimal text. */

export type ReceiptRow = {
  receipt_id: string
  event_id: string
  integration_id: string
  event_type: string
  external_event_id: string
  received_at: string
  disposition: string
  reason: string | null
  final: boolean
}

export type EventRow = {
  event_id: string
  receipt_id: string
  brand_id: string
  player_id: string
  integration_id: string
  event_type: string
  external_event_id: string
  occurred_at: string
  received_at: string
  click_id: string | null
  promo_code: string | null
  amount: string | null
  currency: string | null
  lots: string | null
  instrument: string | null
  period: string | null
  revision: number | null
  refers_to: string | null
  status: string | null
  is_test: boolean
  disposition: string
  reason: string | null
  kafka_partition: number
  kafka_offset: number
}

export type BindingRow = {
  binding_id: string
  brand_id: string
  player_id: string
  affiliate_id: string | null
  offer_id: string | null
  link_id: string | null
  click_id: string | null
  clicked_at: string | null
  bound_at: string
  evidence: string
  reason: string
  candidates: string[]
  event_id: string
}

export type VerdictRow = {
  verdict_id: string
  subject_type: string
  subject_id: string
  affiliate_id: string | null
  brand_id: string | null
  player_id: string | null
  event_time: string
  decision: string
  score: number
  revision: number
  settled: boolean
  completeness: number
  scored_at: string
  reasons: string[]
  catalog_version: string
}

export type VerdictReasonRow = {
  verdict_id: string
  subject_id: string
  revision: number
  rule_id: string
  rule_version: number
  observed: number | null
  threshold: number | null
  window_ms: number | null
  n: number | null
  shadow: boolean
  text: string
}

export type LedgerRow = {
  entry_id: string
  transaction_id: string
  event_id: string
  receipt_id: string
  affiliate_id: string
  deal_id: string
  deal_version: number
  component_id: string
  entry_type: string
  account: string
  amount: string
  currency: string
  occurred_at: string
  booked_at: string
  formula: string
  corrects: string | null
  source_offset: number
  index: number
}

export type ClickRow = {
  click_id: string
  link_id: string
  affiliate_id: string
  offer_id: string
  brand_id: string
  occurred_at: string
  received_at: string
  source: string
  ip_class: string
  ip_prefix: string
  country: string | null
  browser: string | null
  os: string | null
  referrer_host: string | null
  is_bot: boolean
  is_test: boolean
}

export type BalanceRow = { affiliate_id: string; currency: string; pending: string; held: string; approved: string }
