import type { Spread } from './statistics.ts'

export type Table = { title: string; head: string[]; rows: string[][] }

/** A Markdown table whose columns line up, so that it reads in a terminal too. */
export function markdownFrom({ title, head, rows }: Table): string {
  const widths = head.map((name, column) => Math.max(3, name.length, ...rows.map((row) => (row[column] ?? '').length)))
  const line = (cells: string[]) =>
    `| ${cells.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0))).join(' | ')} |`
  const rule = `|${widths.map((width, column) => (column === 0 ? ` ${'-'.repeat(width)} ` : ` ${'-'.repeat(width - 1)}: `)).join('|')}|`
  return [`### ${title}`, '', line(head), rule, ...rows.map(line), ''].join('\n')
}

/** Thousands are set apart; what was not measured is a dash. */
export function numberText(value: number, digits = 0): string {
  if (!Number.isFinite(value)) return '-'
  return value.toLocaleString('en-US', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

export const spreadTexts = ({ min, median, max }: Spread, digits = 0): string[] => [min, median, max].map((value) => numberText(value, digits))
