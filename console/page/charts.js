import uPlot from './uplot.js'
import { h, setText, sync } from './dom.js'
import { textOf, utcTitle } from './format.js'

/** Each line differs by its stroke as well as by its colour. */
const DASHES = [[], [7, 4], [2, 3], [10, 3, 2, 3]]
const SHRINK_BELOW = 0.45
/** Events come whole; an axis with 0.2 of one says nothing. */
const WHOLE_STEPS = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat()

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()

/** A chart over time with a legend that always shows numbers: the newest, or those under the pointer. */
export function createTimeseries(panel, body) {
  const [timeColumn, ...told] = panel.columns
  const lines = told.filter((column) => !column.aside)
  const legend = h('ul', { class: 'legend' })
  const holder = h('div', { class: 'chart', role: 'img', 'aria-label': panel.title })
  body.append(legend, holder)
  let plot = null
  let data = [[]]
  let rows = []
  let top = 1

  sync(
    legend,
    told,
    () => h('li', {}, swatch(), h('span'), h('b')),
    (item, column, index) => {
      if (column.aside) item.firstElementChild.remove()
      else paintSwatch(item.firstElementChild, column.tone ?? 'plain', index)
      setText(item.querySelector('span'), column.label)
      item.title = column.help ?? ''
    },
  )

  function showValues(index) {
    told.forEach((column, place) => setText(legend.children[place].lastElementChild, textOf(rows[index]?.[column.name], column.unit)))
  }

  function draw() {
    plot?.destroy()
    plot = new uPlot(
      optionsOf(
        holder,
        lines,
        () => top,
        (index) => showValues(index ?? data[0].length - 1),
      ),
      data,
      holder,
    )
  }

  new ResizeObserver(() => plot?.setSize(sizeOf(holder))).observe(holder)
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => {
    lines.forEach((column, index) => paintSwatch(legend.children[index].firstElementChild, column.tone ?? 'plain', index))
    draw()
  })

  return {
    isEmpty: (next) => next.every((row) => told.every((column) => !Number(row[column.name]))),
    update(next) {
      rows = next
      data = [rows.map((row) => Date.parse(row[timeColumn.name]) / 1000), ...lines.map((column) => rows.map((row) => Number(row[column.name])))]
      top = steadyTop(top, Math.max(0, ...data.slice(1).flat()))
      if (plot === null) draw()
      else plot.setData(data)
      const hovered = plot.cursor.idx
      showValues(hovered ?? data[0].length - 1)
      holder.setAttribute(
        'aria-label',
        `${panel.title}. ${told.map((column) => `${column.label} ${textOf(rows.at(-1)?.[column.name], column.unit)}`).join(', ')} at ${utcTitle(rows.at(-1)?.[timeColumn.name])}`,
      )
    },
  }
}

/** The drawing fills what its card has left; it hangs in its holder and cannot stretch it. */
function sizeOf(holder) {
  return { width: holder.clientWidth, height: holder.clientHeight }
}

/** A scale that grows at once and shrinks only when half of it is unused: the picture does not breathe. */
function steadyTop(top, highest) {
  const wanted = niceAbove(highest)
  return wanted > top || wanted < top * SHRINK_BELOW ? wanted : top
}

function niceAbove(value) {
  if (value <= 1) return 1
  const power = 10 ** Math.floor(Math.log10(value))
  return power * [1, 1.5, 2, 3, 4, 5, 6, 8, 10].find((step) => step * power >= value * 1.05)
}

function optionsOf(holder, lines, topOf, onPoint) {
  const axis = { stroke: colour('soft'), grid: { stroke: colour('grid'), width: 1 }, ticks: { show: false }, font: '12px system-ui, sans-serif' }
  return {
    ...sizeOf(holder),
    padding: [8, 18, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { size: 7 }, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: () => [0, topOf()] } },
    axes: [
      { ...axis, size: 28, space: 80, values: '{HH}:{mm}', grid: { show: false } },
      {
        ...axis,
        size: 46,
        ...(lines[0].unit === 'count' ? { incrs: WHOLE_STEPS } : {}),
        values: (_plot, values) => values.map((value) => value.toLocaleString()),
      },
    ],
    hooks: { setCursor: [(plot) => onPoint(plot.cursor.idx)] },
    series: [{}, ...lines.map((column, index) => seriesOf(column, index))],
  }
}

function seriesOf(column, index) {
  const tone = column.tone ?? 'plain'
  return {
    stroke: colour(tone),
    width: index === 0 ? 1.75 : 2,
    dash: DASHES[index % DASHES.length],
    fill: index === 0 ? colour(`${tone}-wash`) : undefined,
    points: { show: false },
  }
}

function swatch() {
  return h('svg', { width: 22, height: 8, 'aria-hidden': 'true' }, h('line', { x1: 0, x2: 22, y1: 4, y2: 4, 'stroke-width': 2.5 }))
}

function paintSwatch(svg, tone, index) {
  const line = svg.firstElementChild
  line.setAttribute('stroke', colour(tone))
  line.setAttribute('stroke-dasharray', DASHES[index % DASHES.length].join(' '))
}
