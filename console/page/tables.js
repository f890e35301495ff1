import { h, setText, sync } from './dom.js'
import { levelOf, levelSigns, levelWords, textOf, timeText, utcTitle } from './format.js'

const NUMBERS = new Set(['count', 'percent', 'per_second', 'score', 'seconds', 'money', 'change'])
const isNumber = (column) => NUMBERS.has(column.unit)

/** A table whose cells are reused from one update to the next. */
export function createTable(panel, body, { open, plain = false }) {
  const head = h(
    'tr',
    {},
    panel.columns.map((column) => h('th', { scope: 'col', class: isNumber(column) ? 'num' : null, title: column.help }, column.label)),
  )
  const rowsElement = h('tbody')
  body.append(
    h('div', { class: 'scroll' }, h('table', {}, h('caption', { class: 'hidden' }, `${panel.title}. ${panel.question}`), h('thead', {}, head), rowsElement)),
  )
  const create = () =>
    h(
      'tr',
      {},
      panel.columns.map((column) => createCell(column, open, plain)),
    )
  return {
    isEmpty: (rows) => rows.length === 0,
    update: (rows) =>
      sync(rowsElement, rows, create, (element, row) => {
        panel.columns.forEach((column, index) => updateCell(element.children[index], panel, column, row, plain))
      }),
  }
}

function createCell(column, open, plain) {
  const cell = h('td', { class: isNumber(column) ? 'num' : null })
  if (column.opens !== undefined && !plain) {
    const button = h('button', { class: 'link', type: 'button' })
    button.addEventListener('click', () => open(column.opens, button.textContent))
    cell.append(button)
  } else {
    cell.append(h('span'))
    if (column.unit === 'score' && column.tone !== undefined && !plain)
      cell.append(h('span', { class: 'meter', 'aria-hidden': 'true' }, h('i', { class: `fill-${column.tone}` })))
  }
  return cell
}

function updateCell(cell, panel, column, row, plain) {
  const value = row[column.name]
  const level = plain ? 'plain' : levelOf(panel, column.name, value)
  const text = column.unit === 'time' ? timeText(value) : textOf(value, column.unit, row[column.currency])
  const inner = cell.firstElementChild
  setText(inner, level === 'plain' ? text : `${levelSigns[level]} ${text}`)
  if (column.opens === undefined || plain) inner.className = level === 'plain' ? '' : `tone-${level}`
  cell.title = column.unit === 'time' ? utcTitle(value) : levelWords[level]
  const meter = cell.querySelector('.meter i')
  if (meter !== null) {
    meter.style.width = `${Math.max(0, Math.min(100, Number(value ?? 0)))}%`
    meter.className = `fill-${level === 'plain' ? (column.tone ?? 'brand') : level}`
  }
}
