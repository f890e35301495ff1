/** A small language for what a catalog file may hold. The loader and the JSON Schemas for editors are both made from it. */

type Common = { says: string; optional?: true }
export type TextSpec = Common & {
  kind: 'text'
  /** What the text must look like, and the words for a person when it does not. */
  pattern: string
  expected: string
  maxLength: number
  example: string
  /** A wrong value may be a secret in the wrong place, so it is not repeated in the message. */
  concealed?: true
}
export type DecimalSpec = Common & { kind: 'decimal'; maxDecimals: number; example: string }
export type InstantSpec = Common & { kind: 'instant' }
export type NumberSpec = Common & { kind: 'number'; integer: boolean; min: number; max: number; example: number }
export type BooleanSpec = Common & { kind: 'boolean' }
export type ChoiceSpec<Value extends string = string> = Common & { kind: 'choice'; values: readonly Value[] }
export type ListSpec = Common & { kind: 'list'; of: FieldSpec; minItems: number; maxItems: number }
export type ObjectSpec = Common & { kind: 'object'; fields: Record<string, FieldSpec> }
/** One of several objects; the field named `tag` tells which. */
export type VariantsSpec = Common & { kind: 'variants'; tag: string; variants: Record<string, ObjectSpec> }

export type FieldSpec = TextSpec | DecimalSpec | InstantSpec | NumberSpec | BooleanSpec | ChoiceSpec | ListSpec | ObjectSpec | VariantsSpec

/** The TypeScript value that a spec describes; an absent optional field is null. */
export type ValueOf<S extends FieldSpec> = S extends { optional: true } ? PlainValueOf<S> | null : PlainValueOf<S>

type PlainValueOf<S extends FieldSpec> = S extends { kind: 'text' | 'decimal' | 'instant' }
  ? string
  : S extends { kind: 'number' }
    ? number
    : S extends { kind: 'boolean' }
      ? boolean
      : S extends { kind: 'choice'; values: readonly (infer Value)[] }
        ? Value
        : S extends { kind: 'list'; of: infer Of extends FieldSpec }
          ? ValueOf<Of>[]
          : S extends { kind: 'object'; fields: infer Fields extends Record<string, FieldSpec> }
            ? { [Name in keyof Fields]: ValueOf<Fields[Name]> }
            : S extends { kind: 'variants'; variants: infer Variants extends Record<string, ObjectSpec> }
              ? { [Name in keyof Variants]: ValueOf<Variants[Name]> }[keyof Variants]
              : never

export const decimalPattern = (maxDecimals: number): string => (maxDecimals === 0 ? '^[0-9]{1,15}$' : `^[0-9]{1,15}(\\.[0-9]{1,${maxDecimals}})?$`)

/** RFC 3339 with an offset; the calendar (30 February) is checked apart. */
export const instantPattern =
  '^([0-9]{4})-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])[Tt]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,9})?([Zz]|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$'

/** Milliseconds since 1970 of an RFC 3339 text with an offset, or null when it is none. */
export function msFromInstant(text: string): number | null {
  const match = new RegExp(instantPattern).exec(text)
  if (match === null) return null
  const day = Number(match[3])
  const daysInMonth = new Date(Date.UTC(Number(match[1]), Number(match[2]), 0)).getUTCDate()
  if (day > daysInMonth) return null
  const ms = Date.parse(text.toUpperCase())
  return Number.isNaN(ms) ? null : ms
}
