import { styleText } from 'node:util'
import type { Timeline, TimelineTone } from './timeline.ts'

const WIDTH = 100
const INDENT = '    '

type Style = Parameters<typeof styleText>[0]
const styles: Record<TimelineTone, { sign: string; style: Style }> = {
  plain: { sign: ' ', style: 'reset' },
  good: { sign: '+', style: 'green' },
  warn: { sign: '!', style: 'yellow' },
  bad: { sign: 'x', style: 'red' },
}

/** The timeline as text for a terminal: a sign before each line, so that it reads the same without colours. */
export function textFromTimeline(timeline: Timeline, options: { colour: boolean }): string {
  const paint = (style: Style, text: string) => (options.colour ? styleText(style, text, { validateStream: false }) : text)
  const lines = [paint('bold', timeline.headline), ...timeline.summary.flatMap((sentence) => wrap(sentence, '  '))]
  for (const step of timeline.steps) {
    const state = step.state === null ? '' : `  [${step.state}]`
    lines.push('', `${paint('dim', utcText(step.at))}  ${paint('bold', step.title)}${paint(styles[step.tone].style, state)}`)
    lines.push(`${INDENT}${paint('dim', step.id)}`)
    for (const line of step.lines) {
      const { sign, style } = styles[line.tone]
      lines.push(...wrap(line.text, `${INDENT}  `).map((text, index) => paint(style, index === 0 ? `${INDENT}${sign} ${text.trimStart()}` : text)))
    }
  }
  if (timeline.truncated) lines.push('', 'There is more than is shown here; the views have all of it.')
  return `${lines.join('\n')}\n`
}

/** "2026-11-23 10:00:00.000 UTC": the same everywhere, so that both sides of a talk read the same time. */
export function utcText(at: string | null): string {
  return at === null ? '(time unknown)             ' : `${at.replace('T', ' ').replace('Z', '')} UTC`
}

function wrap(text: string, indent: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && indent.length + line.length + 1 + word.length > WIDTH) {
      lines.push(indent + line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  lines.push(indent + line)
  return lines
}
