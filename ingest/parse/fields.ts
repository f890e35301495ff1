import { type JsonObject, type JsonValue } from './strict-json.ts'

/** Fields of one event or click, whatever channel they came through. `repeated`: names that were given more than once. */
export type Fields = { values: Map<string, JsonValue>; repeated: string[] }

/** What is wrong with a field: its name and the way out, never its value. */
export type FieldProblem = { code: string; detail: string; field?: string; fix?: string }

export function isFieldProblem(value: object): value is FieldProblem {
  return 'code' in value && 'detail' in value
}

export function fieldsFromPairs(pairs: Iterable<[string, JsonValue]>): Fields {
  const fields: Fields = { values: new Map(), repeated: [] }
  for (const [name, value] of pairs) {
    if (fields.values.has(name)) fields.repeated.push(name)
    else fields.values.set(name, value)
  }
  return fields
}

/** A name that is in both counts as given twice. */
export function joinedFields(left: Fields, right: Fields | JsonObject): Fields {
  const joined = fieldsFromPairs([...left.values, ...right.values])
  joined.repeated.push(...left.repeated, ...right.repeated)
  return joined
}
