import { type Rule, reasonOf, spanText } from './rule.ts'

/** Hold alone: at most one of the players can be the right one. */
const POINTS = 75

/**
 * One external id used for two players.
 *
 * Observed is the number of different players for whom the same (brand, integration, event type, external id) was
 * sent with times at most `window_ms` apart, this one included; one is allowed. Each of their events is implicated,
 * also the first. Counting stops at eight players: more change nothing.
 *
 * Source of the threshold: an external id names one transaction of one player, so any second player is one too many
 * (TUNE rejects repeated transaction ids, 24metrics any duplicate). The 90 days of the window cover the usual
 * dispute period. A repeated call for the same player is normal and no signal.
 */
export const duplicateExternalId: Rule<'duplicate-external-id'> = {
  id: 'duplicate-external-id',
  sees: (signals) => signals.externalId.state,
  judge(signals, settings) {
    if (signals.externalId.state !== 'known') return null
    const { windowMs } = settings.params
    const others = signals.externalId.others.filter(({ occurredAtMs }) => Math.abs(occurredAtMs - signals.event.occurred_at) <= windowMs)
    if (others.length === 0) return null
    const players = others.length + 1
    return reasonOf(settings, {
      observed: players,
      threshold: 1,
      window_ms: windowMs,
      n: players,
      text: `The external id of this ${signals.event.event_type.replaceAll('_', ' ')} was used for ${players} different players within ${spanText(windowMs)}; it may name one.`,
    })
  },
  points: () => POINTS,
}
