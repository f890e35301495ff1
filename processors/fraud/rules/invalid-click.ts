import { type Rule, reasonOf, spanText } from './rule.ts'

/** Hold alone: nobody gets such an id by accident. */
const POINTS_NOT_OURS = 80
/** Review alone: a person may come back after the window. */
const POINTS_EXPIRED = 45

/**
 * A registration claims a click id that is forged, altered, unknown or expired.
 *
 * Forged or altered: the signature does not fit; without the key the two cannot be told apart. Unknown: the signature
 * fits, but the link does not exist or belongs to another brand. Expired: older than the offer's attribution window;
 * then observed is the age, threshold and window are that window, in ms. It is judged also when a promo code binds
 * the player: who claims a false click is worth a look whatever else he brings.
 *
 * Source of the threshold: none is needed. An id is signed when a click happens and its link never changes, so a
 * single misfit is a fact; the window is the offer's own.
 */
export const invalidClick: Rule<'invalid-click'> = {
  id: 'invalid-click',
  sees: (signals) => (signals.claim.state === 'none' ? 'none' : 'known'),
  judge(signals, settings) {
    const { claim } = signals
    switch (claim.state) {
      case 'none':
      case 'valid':
        return null
      case 'forged':
        return reasonOf(settings, { n: 1, text: 'The registration claims a click id that was never issued here, or was altered: its signature does not fit.' })
      case 'unknown_link':
        return reasonOf(settings, { n: 1, text: 'The registration claims a click id of a link that this brand does not have.' })
      case 'expired':
        return reasonOf(settings, {
          observed: claim.ageMs,
          threshold: claim.windowMs,
          window_ms: claim.windowMs,
          n: 1,
          text: `The registration claims a click that was ${spanText(claim.ageMs)} old; the offer allows ${spanText(claim.windowMs)}.`,
        })
    }
  },
  points: (reason) => (reason.observed === null ? POINTS_NOT_OURS : POINTS_EXPIRED),
}
