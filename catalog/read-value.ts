import { decimalPattern, type FieldSpec, msFromInstant, type ObjectSpec, type VariantsSpec } from './field-spec.ts'

/** Where a value stands inside its file: ['3', 'components', '0', 'amount']. */
export type Path = readonly (string | number)[]

export type Finding = { path: Path; got: string; wants: string; fix: string }

const maxShownLength = 80

/**
 * Checks a parsed value against its spec and returns it in full form: absent optional fields are null.
 * Returns undefined after it has reported at least one finding, so one bad field does not hide the next.
 */
export function readValue(spec: FieldSpec, value: unknown, path: Path, report: (finding: Finding) => void): unknown {
  const refuse = (wants: string, fix: string, concealed = false): undefined => {
    report({ path, got: concealed ? 'a text that is not repeated here' : shown(value), wants, fix })
    return undefined
  }
  switch (spec.kind) {
    case 'text':
      if (typeof value !== 'string')
        return refuse(
          `a text: ${spec.expected}`,
          isPlain(value) ? `quote it: ${JSON.stringify(String(value))}` : `write, for example, ${spec.example}`,
          spec.concealed,
        )
      if (value.length > spec.maxLength || !regexOf(spec.pattern).test(value))
        return refuse(spec.expected, `write, for example, ${spec.example}`, spec.concealed)
      return value
    case 'decimal':
      if (typeof value === 'number')
        return refuse('a decimal number as a quoted text', 'quote it, with exactly the digits that you mean; unquoted digits lose precision')
      if (typeof value !== 'string' || !regexOf(decimalPattern(spec.maxDecimals)).test(value)) {
        return refuse(`a quoted decimal number with a dot and at most ${spec.maxDecimals} digits after it`, `write, for example, "${spec.example}"`)
      }
      return value
    case 'instant':
      if (typeof value !== 'string' || msFromInstant(value) === null)
        return refuse('an instant: RFC 3339 with an offset', 'write, for example, 2026-01-31T00:00:00Z')
      return value
    case 'number': {
      const fits = typeof value === 'number' && Number.isFinite(value) && value >= spec.min && value <= spec.max
      if (!fits || (spec.integer && !Number.isInteger(value)))
        return refuse(`${spec.integer ? 'a whole number' : 'a number'} from ${spec.min} to ${spec.max}`, `write, for example, ${spec.example}`)
      return value
    }
    case 'boolean':
      return typeof value === 'boolean' ? value : refuse('true or false', 'write true or false without quotes')
    case 'choice':
      return typeof value === 'string' && spec.values.includes(value) ? value : refuse(`one of ${spec.values.join(', ')}`, `write ${spec.values.join(' or ')}`)
    case 'list': {
      if (!Array.isArray(value)) return refuse('a list', 'write [a, b], or one line for each item with "- " before it')
      if (value.length < spec.minItems) return refuse(`a list with at least ${spec.minItems} item`, 'add an item')
      if (value.length > spec.maxItems) return refuse(`a list with at most ${spec.maxItems} items`, 'remove items')
      return value.map((item, index) => readValue(spec.of, item, [...path, index], report))
    }
    case 'object':
      return readObject(spec, value, path, report)
    case 'variants':
      return readVariant(spec, value, path, report)
  }
}

function readObject(spec: ObjectSpec, value: unknown, path: Path, report: (finding: Finding) => void): unknown {
  const names = Object.keys(spec.fields)
  if (!isMapping(value)) {
    report({ path, got: shown(value), wants: `fields: ${names.join(', ') || 'none'}`, fix: 'write "name: value" lines' })
    return undefined
  }
  for (const name of Object.keys(value)) {
    if (Object.hasOwn(spec.fields, name)) continue
    report({
      path: [...path, name],
      got: `the unknown field ${shown(name)}`,
      wants: `only ${names.join(', ') || 'no field'}`,
      fix: 'remove it or correct its name',
    })
  }
  const result: Record<string, unknown> = {}
  for (const [name, field] of Object.entries(spec.fields)) {
    const given = value[name]
    if (given !== undefined && given !== null) result[name] = readValue(field, given, [...path, name], report)
    else if (field.optional) result[name] = null
    else report({ path, got: `no ${name}`, wants: `${name}: ${field.says}`, fix: `add ${name}` })
  }
  return result
}

function readVariant(spec: VariantsSpec, value: unknown, path: Path, report: (finding: Finding) => void): unknown {
  const tags = Object.keys(spec.variants)
  if (!isMapping(value)) {
    report({ path, got: shown(value), wants: `fields, ${spec.tag} among them`, fix: 'write "name: value" lines' })
    return undefined
  }
  const tag = value[spec.tag]
  const variant = typeof tag === 'string' && Object.hasOwn(spec.variants, tag) ? spec.variants[tag] : undefined
  if (variant !== undefined) return readObject(variant, value, path, report)
  const place = tag === undefined ? path : [...path, spec.tag]
  report({
    path: place,
    got: tag === undefined ? `no ${spec.tag}` : shown(tag),
    wants: `${spec.tag}: one of ${tags.join(', ')}`,
    fix: `write ${spec.tag}: ${tags[0]}`,
  })
  return undefined
}

function isMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const isPlain = (value: unknown): boolean => typeof value === 'number' || typeof value === 'boolean'

/** A value in a message: short, on one line, without control characters. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return 'nothing'
  const text = JSON.stringify(value) ?? typeof value
  const kind = typeof value === 'number' ? ' (a number)' : ''
  return (text.length > maxShownLength ? `${text.slice(0, maxShownLength)}…` : text) + kind
}

const regexes = new Map<string, RegExp>()
function regexOf(pattern: string): RegExp {
  const known = regexes.get(pattern)
  if (known !== undefined) return known
  const made = new RegExp(pattern, 'u')
  regexes.set(pattern, made)
  return made
}
