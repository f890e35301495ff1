import { expect, it } from 'vitest'
import { isEventId, subjectFromText, textFromSubject } from './subject.ts'

it.each([
  ['0123456789abcdefghjkmnpqrstvwxyz', 'click'],
  ['rc_0123456789abcdef0123456789abcdef', 'receipt'],
  ['lucky:p1', 'player'],
  ['lucky-casino:Игрок 17', 'player'],
  ['lucky:click~0123456789abcdefghjkmnpqrstvwxyz', 'player'],
  ['lucky:a:b', 'player'],
])('%s is looked up as a %s, and reads the same again', (text, kind) => {
  const subject = subjectFromText(text)
  expect(subject?.kind).toBe(kind)
  expect(subject && textFromSubject(subject)).toBe(text)
})

it.each(['', 'abc', 'rc_', 'RC_0123', 'lucky:', ':p1', 'Lucky:p1', 'lucky:a\nb', '0123456789ABCDEFGHJKMNPQRSTVWXYZ', `lucky:${'x'.repeat(201)}`])(
  '%j has none of the three forms',
  (text) => {
    expect(subjectFromText(text)).toBeNull()
  },
)

it('an event id is told apart from what people are given', () => {
  expect(isEventId('ev_0123456789abcdef0123456789abcdef')).toBe(true)
  expect(isEventId('rc_0123456789abcdef0123456789abcdef')).toBe(false)
})
