/** A panel in words and SQL, once: the live page draws it, and any other reader of dashboards is generated from it. */

export const panelKinds = ['stats', 'timeseries', 'stacks', 'bars', 'funnel', 'table', 'feed'] as const
export type PanelKind = (typeof panelKinds)[number]

/** What a number counts; the renderer chooses digits and signs by it, the SQL never formats. */
export const units = ['per_second', 'count', 'percent', 'score', 'seconds', 'money', 'time', 'text', 'change'] as const
export type Unit = (typeof units)[number]

/** What a colour means. Every tone also has a sign or a word, since colour alone is not readable by everybody. */
export const tones = ['plain', 'brand', 'muted', 'good', 'warn', 'serious', 'bad'] as const
export type Tone = (typeof tones)[number]

export type Column = {
  /** Name in the result of the SQL. */
  name: string
  label: string
  unit: Unit
  tone?: Tone
  /** What the number means, for whoever points at it. */
  help?: string
  /** The column that holds the ISO 4217 code of a money column. */
  currency?: string
  /** Told as a number beside the drawing: a line of another magnitude would flatten the ones that matter. */
  aside?: true
  /** A click on the cell looks this kind of id up. */
  opens?: 'affiliate' | 'subject'
}

/** A value that deserves attention: `warn` and `bad` are reached at or above the number, or at or below it. */
export type Threshold = { column: string; when: 'above' | 'below'; warn: number; bad: number }

export type Panel = {
  id: string
  title: string
  /** The question that the panel answers, in one sentence. */
  question: string
  kind: PanelKind
  unit: Unit
  /** A SELECT over the public views; their database is the connection's. The first column of a timeseries is the time. */
  sql: string
  columns: Column[]
  thresholds: Threshold[]
  refreshMs: number
  /** How many of twelve columns the panel takes on a wide screen. */
  width: 4 | 5 | 6 | 7 | 8 | 12
  /** What an empty result means. */
  empty: string
}
