import { codecs } from '../../schemas/codec.ts'
import type { ScoredEvent, Verdict } from '../../schemas/records.generated.ts'

/** An event whose verdict is not final yet, with what is to happen at its deadline. */
export type Watched = {
  /** The newest scored event with a verdict. */
  scored: ScoredEvent
  /** settle: the provisional verdict becomes settled. recheck: look again. drop: the watch is over. */
  next: 'settle' | 'recheck' | 'drop'
  /** Log time at which the verdict was first provisional, or settled. */
  sinceMs: number
  /** How often `next` was tried. */
  tries: number
}

export function watchedFromDoc(doc: string | null): Watched | null {
  if (doc === null) return null
  const { scored, ...rest } = JSON.parse(doc) as Omit<Watched, 'scored'> & { scored: string }
  return { ...rest, scored: codecs.ScoredEvent.decode(Buffer.from(scored, 'base64')) }
}

export function docFromWatched(watched: Watched): string {
  return JSON.stringify({ ...watched, scored: codecs.ScoredEvent.encode(watched.scored).toString('base64') })
}

/** Only scored events with a verdict are watched. */
export function verdictOf(watched: Watched): Verdict {
  const { verdict } = watched.scored
  if (verdict === null) throw new Error(`${watched.scored.event_id} is watched without a verdict`)
  return verdict
}
