import { expect, it } from 'vitest'
import { markdownFrom, numberText, spreadTexts } from './report.ts'

it('a table is Markdown whose columns line up', () => {
  const text = markdownFrom({
    title: 'speed',
    head: ['server', 'req/s'],
    rows: [
      ['no-op', '12,345'],
      ['ingest', '987'],
    ],
  })
  expect(text).toBe(['### speed', '', '| server |  req/s |', '| ------ | -----: |', '| no-op  | 12,345 |', '| ingest |    987 |', ''].join('\n'))
})

it('numbers have their thousands apart, and what was not measured is a dash', () => {
  expect([numberText(1_234_567), numberText(0.456, 2), numberText(Number.NaN)]).toEqual(['1,234,567', '0.46', '-'])
  expect(spreadTexts({ min: 1, median: 2.25, max: 3 }, 1)).toEqual(['1.0', '2.3', '3.0'])
})
