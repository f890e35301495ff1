import type { PlayerEvent } from './records.generated.ts'

/**
 * A PlayerEvent that says nothing but "time has passed": it makes log time move in a silent partition, so that a
 * deadline somebody waits for can fire. It belongs to no player and has no receipt.
 */
export function tickEvent(partition: number, atMs: number): PlayerEvent {
  const id = `tick~${partition}~${atMs}`
  return {
    event_id: id,
    receipt_id: id,
    brand_id: '',
    player_id: '',
    integration_id: '',
    event_type: 'tick',
    external_event_id: '',
    occurred_at: atMs,
    received_at: atMs,
    click_id: null,
    promo_code: null,
    amount: null,
    currency: null,
    lots: null,
    instrument: null,
    account_type: null,
    account_id: null,
    period: null,
    revision: null,
    refers_to: null,
    status: null,
    attributes: {},
    content_hash: '',
    is_test: false,
    catalog_version: '',
  }
}
