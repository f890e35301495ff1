import type { JsonValue } from './strict-json.ts'
import type { FieldProblem } from './fields.ts'

export const ID_CHARS_MAX = 200
const CONTROL = /\p{Cc}/u
const MAIL = /^[^\s@]+@[^\s@]+\.[^\s@]+$/
const PHONE = /^\+[0-9][0-9 ()-]{6,18}[0-9]$/

/** How many characters a person would count. */
export function charCount(text: string): number {
  return text.length <= 1 ? text.length : [...text].length
}

/** The first `max` characters; a pair of surrogates is never cut in two. */
export function firstChars(text: string, max: number): string {
  return text.length <= max ? text : [...text].slice(0, max).join('')
}

/** The field as text, or the reason why it is none. */
export function textOf(name: string, value: JsonValue): string | FieldProblem {
  if (typeof value !== 'string')
    return { code: 'invalid_type', field: name, detail: `${name} is not a string`, fix: `send ${name} as a string, or leave it out` }
  if (!value.isWellFormed()) return { code: 'invalid_text', field: name, detail: `${name} is not valid Unicode`, fix: `send ${name} as UTF-8` }
  return value
}

/** An id: 1 to 200 characters without control characters, and nothing that identifies a person outside. */
export function idProblem(name: string, text: string): FieldProblem | null {
  return boundsProblem(name, text, 1, ID_CHARS_MAX) ?? personProblem(name, text)
}

export function boundsProblem(name: string, text: string, min: number, max: number): FieldProblem | null {
  const count = charCount(text)
  const wants = min === 0 ? `at most ${max} characters` : `${min} to ${max} characters`
  if (count < min || count > max)
    return {
      code: 'invalid_length',
      field: name,
      detail: `${name} has ${count} characters`,
      fix: `send ${wants}${count === 0 ? ', or leave it out where it is optional' : ''}`,
    }
  if (CONTROL.test(text))
    return {
      code: 'control_character',
      field: name,
      detail: `${name} holds a control character`,
      fix: `send ${name} without control characters`,
    }
  return null
}

/** Mail addresses and phone numbers are refused wherever an opaque id belongs. */
export function personProblem(name: string, text: string): FieldProblem | null {
  if (!MAIL.test(text) && !PHONE.test(text)) return null
  return {
    code: 'personal_data',
    field: name,
    detail: `${name} looks like a mail address or a phone number`,
    fix: 'send an opaque id instead; personal data is not taken here',
  }
}
