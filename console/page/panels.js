import { createTimeseries } from './charts.js'
import { h, setText, sync } from './dom.js'
import { agoText, levelOf, levelSigns, levelWords, partsOf, textOf, timeText, utcTitle } from './format.js'
import { createTable } from './tables.js'

const LATE_MS = 15_000
/** The server rests nine times as long as a question took. */
const PAUSES = 10
const kinds = {
  stats: createStats,
  timeseries: createTimeseries,
  bars: createBars,
  funnel: createFunnel,
  stacks: createStacks,
  table: createTable,
  feed: createFeed,
}
const decisionTones = { allow: 'good', review: 'warn', hold: 'serious', reject: 'bad' }
const decisionSigns = { allow: '✓', review: '?', hold: '‖', reject: '✕' }

/** One card: title, question, drawing, and behind it the numbers and the SQL. */
export function createPanel(panel, actions) {
  const body = h('div', { class: 'panel-body' })
  const drawing = h('div', { class: 'drawing', hidden: true })
  const empty = h('p', { class: 'empty' }, 'Reading…')
  body.append(drawing, empty)
  const view = kinds[panel.kind](panel, drawing, actions)
  const age = h('span', { class: 'age' })
  const numbers = createNumbers(panel, actions)
  const foot = h('div', { class: 'panel-foot' }, numbers?.element, h('details', {}, h('summary', {}, 'SQL'), h('pre', { tabindex: 0 }, panel.sql)), age)
  const element = h(
    'section',
    { class: 'panel', 'data-kind': panel.kind, 'data-width': panel.width, 'aria-labelledby': `title-${panel.id}` },
    h('div', { class: 'panel-head' }, h('h2', { id: `title-${panel.id}` }, panel.title), h('p', {}, panel.question)),
    body,
    foot,
  )
  let state = null

  function draw() {
    const isEmpty = view.isEmpty(state.rows)
    drawing.hidden = isEmpty
    empty.hidden = !isEmpty
    setText(empty, panel.empty)
    if (!isEmpty) view.update(state.rows)
    numbers?.update(state.rows)
  }

  return {
    element,
    id: panel.id,
    update(next) {
      state = next
      if (next.at !== null && !(panel.kind === 'feed' && element.matches(':hover, :focus-within') && !drawing.hidden)) draw()
    },
    /** Says how old the numbers are, or that they could not be read. */
    tick(nowMs) {
      if (state === null) return
      const isLate = state.at !== null && nowMs - Date.parse(state.at) > LATE_MS + panel.refresh_ms + PAUSES * state.duration_ms
      age.dataset.tone = state.error !== null || isLate ? 'bad' : 'plain'
      const read = state.at === null ? 'never read' : `read ${agoText(state.at, nowMs)}`
      setText(age, state.error === null ? (isLate ? `stale: ${read}` : read) : `not answered, ${read}`)
      age.title = state.at === null ? '' : `${utcTitle(state.at)}, in ${state.duration_ms} ms`
    },
    state: () => state,
  }
}

/** The same numbers as a table, for readers that cannot see the drawing. */
function createNumbers(panel, actions) {
  if (panel.kind === 'table' || panel.kind === 'stats' || panel.kind === 'feed') return null
  const holder = h('div', { class: 'numbers', tabindex: 0 })
  const table = createTable(panel, holder, { ...actions, plain: true })
  const details = h('details', {}, h('summary', {}, 'Numbers'), holder)
  let rows = []
  const draw = () => details.open && table.update(panel.kind === 'timeseries' ? rows.toReversed().slice(0, 30) : rows)
  details.addEventListener('toggle', draw)
  return {
    element: details,
    update(next) {
      rows = next
      draw()
    },
  }
}

function createStats(panel, body) {
  const list = h('dl', { class: 'stats' })
  body.append(list)
  return {
    isEmpty: (rows) => rows.length === 0,
    update([row]) {
      sync(
        list,
        panel.columns,
        () => h('div', { class: 'stat' }, h('dt'), h('dd', {}, h('span'), h('small'), h('span', { class: 'mark' }))),
        (stat, column) => {
          const value = row[column.name]
          const level = levelOf(panel, column.name, value)
          const [number, unit] = partsOf(value, column.unit)
          const [label, figure] = stat.children
          setText(label, column.label)
          stat.title = column.help ?? ''
          setText(figure.children[0], number)
          setText(figure.children[1], unit)
          setText(figure.children[2], levelSigns[level])
          figure.className = level === 'plain' ? '' : `tone-${level}`
          figure.children[2].title = levelWords[level]
        },
      )
    },
  }
}

function createBars(panel, body) {
  const [name, recent, usual, change] = panel.columns
  const list = h('ol', { class: 'bars' })
  body.append(list)
  const create = () =>
    h(
      'li',
      {},
      h('div', { class: 'bar-top' }, h('span'), h('span', { class: 'values' }, h('b'), h('span'), h('span', { class: 'change' }))),
      h('div', { class: 'bar-line', 'aria-hidden': 'true' }, h('i', { class: `fill-${recent.tone}` }), h('u')),
    )
  return {
    isEmpty: (rows) => rows.length === 0,
    update(rows) {
      const most = Math.max(1, ...rows.flatMap((row) => [Number(row[recent.name]), Number(row[usual.name])]))
      sync(list, rows, create, (item, row) => {
        const [top, line] = item.children
        const [value, before, rise] = top.lastElementChild.children
        setText(top.firstElementChild, row[name.name])
        setText(value, textOf(row[recent.name], recent.unit))
        setText(before, ` · usual ${textOf(row[usual.name], usual.unit)}`)
        setText(rise, textOf(row[change.name], change.unit))
        rise.className = `change tone-${row[change.name] > 0 ? 'bad' : row[change.name] < 0 ? 'good' : 'muted'}`
        line.firstElementChild.style.width = `${(100 * row[recent.name]) / most}%`
        line.lastElementChild.style.left = `${(100 * row[usual.name]) / most}%`
        line.title = `${recent.label}: ${row[recent.name]}; the mark is the usual ${row[usual.name]}`
      })
    },
  }
}

/** Widths by the logarithm: of ten thousand clicks, twenty players are few, but not nothing. The numbers say the rest. */
function createFunnel(panel, body) {
  const [stage, amount] = panel.columns
  const list = h('ol', { class: 'funnel' })
  body.append(list)
  const create = () =>
    h(
      'li',
      {},
      h('div', { class: 'bar-top' }, h('span'), h('span', { class: 'values' }, h('b'), h('span', { class: 'rate' }))),
      h('div', { class: 'track', 'aria-hidden': 'true' }, h('i', { class: `fill-${amount.tone}` })),
    )
  return {
    isEmpty: (rows) => rows.every((row) => Number(row[amount.name]) === 0),
    update(rows) {
      const most = Math.max(1, ...rows.map((row) => Number(row[amount.name])))
      sync(list, rows, create, (item, row, index) => {
        const value = Number(row[amount.name])
        const before = index === 0 ? 0 : Number(rows[index - 1][amount.name])
        const [top, track] = item.children
        setText(top.firstElementChild, row[stage.name])
        setText(top.lastElementChild.firstElementChild, value.toLocaleString())
        setText(top.lastElementChild.lastElementChild, before > 0 ? ` · ${textOf((100 * value) / before, 'percent')} of the step before` : '')
        track.firstElementChild.style.width = `${(100 * Math.max(0, value)) / most}%`
      })
    },
  }
}

function createStacks(panel, body) {
  const parts = panel.columns.filter((column) => column.unit === 'money')
  const [name] = panel.columns
  const counts = panel.columns.filter((column) => column.unit === 'count')
  const list = h('ul', { class: 'stacks' })
  body.append(list)
  const shown = parts.filter((column) => column.tone !== 'muted')
  const create = () =>
    h(
      'li',
      {},
      h('div', { class: 'bar-top' }, h('b'), h('span', { class: 'values' })),
      h(
        'div',
        { class: 'stack-bar', 'aria-hidden': 'true' },
        shown.map((column) => h('i', { class: `fill-${column.tone}` })),
      ),
      h(
        'dl',
        { class: 'stack-values' },
        parts.map((column) =>
          h('div', { title: column.help ?? null }, h('dt', {}, h('span', { class: `dot fill-${column.tone}`, 'aria-hidden': 'true' }), column.label), h('dd')),
        ),
      ),
    )
  return {
    isEmpty: (rows) => rows.length === 0,
    update(rows) {
      sync(list, rows, create, (item, row) => {
        const [top, bar, values] = item.children
        setText(top.firstElementChild, row[name.name])
        setText(top.lastElementChild, counts.map((column) => `${textOf(row[column.name], column.unit)} ${column.label.toLowerCase()}`).join(', '))
        const total = shown.reduce((sum, column) => sum + Math.max(0, Number(row[column.name])), 0)
        shown.forEach((column, index) => {
          const share = total === 0 ? 0 : (100 * Math.max(0, Number(row[column.name]))) / total
          bar.children[index].style.width = `${share}%`
          bar.children[index].hidden = share === 0
        })
        parts.forEach((column, index) => setText(values.children[index].lastElementChild, textOf(row[column.name], 'money', row[column.currency])))
      })
    },
  }
}

function createFeed(panel, body, { open }) {
  const list = h('ol', { class: 'feed' })
  body.append(list)
  const create = () => {
    const subject = h('button', { class: 'link id', type: 'button' })
    const affiliate = h('button', { class: 'link', type: 'button' })
    subject.addEventListener('click', () => open('subject', subject.dataset.id))
    affiliate.addEventListener('click', () => open('affiliate', affiliate.textContent))
    return h(
      'li',
      {},
      h('time'),
      h('span', { class: 'badge-cell' }, h('span', { class: 'badge' })),
      h('span', { class: 'subject' }, subject),
      h('span', { class: 'who' }, affiliate),
      h('span', { class: 'why' }),
    )
  }
  return {
    isEmpty: (rows) => rows.length === 0,
    update: (rows) =>
      sync(list, rows, create, (item, row) => {
        const [time, badge, subject, affiliate, why] = item.children
        time.setAttribute('datetime', row.time)
        setText(time, timeText(row.time))
        time.title = utcTitle(row.time)
        badge.firstElementChild.dataset.tone = decisionTones[row.decision] ?? 'plain'
        setText(badge.firstElementChild, `${decisionSigns[row.decision] ?? ''} ${row.decision} ${row.score}`)
        badge.title = row.settled ? 'settled' : 'provisional: more may arrive'
        const button = subject.firstElementChild
        button.dataset.id = row.subject
        setText(button, `${row.subject_type} ${row.subject.slice(0, 14)}…`)
        button.title = row.subject
        setText(affiliate.firstElementChild, row.affiliate)
        setText(why, `${row.why}${row.settled ? '' : ' (provisional)'}`)
      }),
  }
}
