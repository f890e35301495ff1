import type { Label } from './message.ts'

export type SubjectType = 'click' | 'event' | 'player'

/** What was planted, for whoever measures detectors. Nothing of it is ever sent. */
export type LabelBook = {
  add(label: Label, subjectType: SubjectType, subjectId: string, atMs: number): void
  /** One JSON line for each campaign and type of subject. */
  text(): string
}

type Entry = { kind: string; campaign: number; subjectType: SubjectType; subjectIds: Set<string>; plantedAtMs: number }

export function createLabelBook(): LabelBook {
  const entries = new Map<string, Entry>()
  return {
    add(label, subjectType, subjectId, atMs) {
      const key = `${label.campaign} ${subjectType}`
      const entry = entries.get(key) ?? { ...label, subjectType, subjectIds: new Set<string>(), plantedAtMs: atMs }
      entry.subjectIds.add(subjectId)
      entry.plantedAtMs = Math.min(entry.plantedAtMs, atMs)
      entries.set(key, entry)
    },
    text: () =>
      [...entries.values()]
        .sort((a, b) => a.campaign - b.campaign || (a.subjectType < b.subjectType ? -1 : 1))
        .map(({ kind, campaign, subjectType, subjectIds, plantedAtMs }) =>
          JSON.stringify({ kind, campaign, subject_type: subjectType, subject_ids: [...subjectIds].sort(), planted_at: new Date(plantedAtMs).toISOString() }),
        )
        .map((line) => `${line}\n`)
        .join(''),
  }
}
