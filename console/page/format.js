const NOTHING = '–'
const count = new Intl.NumberFormat(undefined, { maximumFractionDigits: 0 })
const oneDigit = new Intl.NumberFormat(undefined, { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const compact = new Intl.NumberFormat(undefined, { notation: 'compact', maximumFractionDigits: 1 })
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23' })
const dayAndClock = new Intl.DateTimeFormat(undefined, {
  day: '2-digit',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const moneyFormats = new Map()

/** A value in the words of its unit: [number, unit sign]. */
export function partsOf(value, unit) {
  if (value === null || value === undefined) return [NOTHING, '']
  const number = Number(value)
  if (unit === 'per_second') return [number >= 100 ? count.format(number) : oneDigit.format(number), '/s']
  if (unit === 'percent') return [oneDigit.format(number), '%']
  if (unit === 'seconds') return secondsOf(number)
  if (unit === 'count' || unit === 'score') return [number < 100_000 ? count.format(Math.round(number)) : compact.format(number), '']
  if (unit === 'change') return [`${number > 0 ? '▲ +' : number < 0 ? '▼ −' : '= '}${oneDigit.format(Math.abs(number))}`, '']
  return [String(value), '']
}

export function textOf(value, unit, currency) {
  if (unit === 'money') return moneyText(value, currency)
  if (unit === 'time') return timeText(value)
  const [number, sign] = partsOf(value, unit)
  return sign === '' ? number : `${number} ${sign}`
}

function secondsOf(seconds) {
  if (seconds < 60) return [oneDigit.format(seconds), 's']
  if (seconds < 3_600) return [count.format(seconds / 60), 'min']
  return seconds < 86_400 ? [oneDigit.format(seconds / 3_600), 'h'] : [count.format(seconds / 86_400), 'days']
}

/** Money stays a string all the way: the formatter takes decimal text and loses no digit. */
export function moneyText(value, currency) {
  if (value === null || value === undefined) return NOTHING
  if (!/^[A-Z]{3}$/.test(currency ?? '')) return String(value)
  if (!moneyFormats.has(currency)) moneyFormats.set(currency, new Intl.NumberFormat(undefined, { style: 'currency', currency, currencyDisplay: 'code' }))
  return moneyFormats.get(currency).format(String(value))
}

/** Local time of the day, with the date when it is not today. */
export function timeText(at) {
  if (!at) return NOTHING
  const date = new Date(at)
  return date.toDateString() === new Date().toDateString() ? clock.format(date) : dayAndClock.format(date)
}

export function utcTitle(at) {
  return at ? `${at.replace('T', ' ').replace('Z', '')} UTC` : ''
}

/** "3 s ago"; whole seconds, so that it does not flicker. */
export function agoText(at, nowMs) {
  const seconds = Math.max(0, Math.round((nowMs - Date.parse(at)) / 1000))
  if (seconds < 60) return `${seconds} s ago`
  return seconds < 3_600 ? `${Math.floor(seconds / 60)} min ago` : `${Math.floor(seconds / 3_600)} h ago`
}

/** plain, warn or bad by the thresholds of a column. */
export function levelOf(panel, column, value) {
  const threshold = panel.thresholds.find((candidate) => candidate.column === column)
  if (threshold === undefined || value === null || value === undefined) return 'plain'
  const reached = (limit) => (threshold.when === 'above' ? Number(value) >= limit : Number(value) <= limit)
  return reached(threshold.bad) ? 'bad' : reached(threshold.warn) ? 'warn' : 'plain'
}

/** A sign for each level, since colour alone is not readable by everybody. */
export const levelSigns = { plain: '', warn: '▲', bad: '■' }
export const levelWords = { plain: '', warn: 'needs attention', bad: 'bad' }
