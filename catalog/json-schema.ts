import { decimalPattern, type FieldSpec, instantPattern, type ObjectSpec } from './field-spec.ts'
import { type ListName, lists } from './lists.ts'

/** The JSON Schema of a catalog file, for editors: completion and warnings while typing. The loader checks more than this. */
function schemaOfList(name: ListName): Record<string, unknown> {
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: `${name}.yaml`,
    type: 'array',
    items: schemaFromSpec(lists[name]),
  }
}

/** The text of catalog/schema/<list>.json. */
export const schemaFileText = (name: ListName): string => `${JSON.stringify(schemaOfList(name), null, 2)}\n`

function schemaFromSpec(spec: FieldSpec): Record<string, unknown> {
  const description = spec.says
  switch (spec.kind) {
    case 'text':
      return { description, type: 'string', pattern: spec.pattern, maxLength: spec.maxLength, examples: [spec.example] }
    case 'decimal':
      return { description, type: 'string', pattern: decimalPattern(spec.maxDecimals), examples: [spec.example] }
    case 'instant':
      return { description, type: 'string', pattern: instantPattern, examples: ['2026-01-31T00:00:00Z'] }
    case 'number':
      return { description, type: spec.integer ? 'integer' : 'number', minimum: spec.min, maximum: spec.max, examples: [spec.example] }
    case 'boolean':
      return { description, type: 'boolean' }
    case 'choice':
      return { description, enum: [...spec.values] }
    case 'list':
      return { description, type: 'array', minItems: spec.minItems, maxItems: spec.maxItems, items: schemaFromSpec(spec.of) }
    case 'object':
      return schemaFromObject(spec)
    case 'variants':
      return { description, oneOf: Object.values(spec.variants).map(schemaFromObject) }
  }
}

function schemaFromObject(spec: ObjectSpec): Record<string, unknown> {
  const fields = Object.entries(spec.fields)
  return {
    description: spec.says,
    type: 'object',
    additionalProperties: false,
    required: fields.filter(([, field]) => !field.optional).map(([name]) => name),
    properties: Object.fromEntries(fields.map(([name, field]) => [name, field.optional ? nullable(schemaFromSpec(field)) : schemaFromSpec(field)])),
  }
}

/** An empty value ("valid_to:") reads as absent. */
function nullable(schema: Record<string, unknown>): Record<string, unknown> {
  return typeof schema.type === 'string' ? { ...schema, type: [schema.type, 'null'] } : schema
}
