import { fetchWithToken } from './access.js'
import { byId, h } from './dom.js'
import { openDrawer } from './drawer.js'
import { agoText } from './format.js'
import { createPanel } from './panels.js'
import { followStream } from './stream.js'

const TICK_MS = 1_000
const BEAT_LATE_MS = 6_000
const QUIET_MS = 60_000
const LOAD_RETRY_MS = 3_000

const status = byId('status')
const notices = byId('notices')
const views = new Map()
let exampleUrl = null
let lineUp = false
let lastBeatMs = 0
let downReason = ''
/** Server time minus ours: ages are told by the clock that wrote the rows. */
let skewMs = 0

const open = (kind, id) => {
  location.hash = `#${kind === 'affiliate' ? 'affiliate' : 'id'}=${encodeURIComponent(id)}`
}

function followHash() {
  const match = /^#(id|affiliate)=(.+)$/.exec(location.hash)
  if (match === null) {
    if (byId('drawer').open) byId('drawer').close()
    return
  }
  void openDrawer(match[1] === 'affiliate' ? 'affiliate' : 'subject', decodeURIComponent(match[2]))
}

async function loadPanels() {
  for (;;) {
    try {
      const response = await fetchWithToken('/v1/panels')
      const answer = await response.json()
      if (!response.ok) throw new Error(answer.detail)
      exampleUrl = answer.example_click_url
      for (const panel of answer.panels) views.set(panel.id, createPanel(panel, { open }))
      byId('panels').replaceChildren(...[...views.values()].map((view) => view.element))
      return
    } catch (error) {
      downReason = error.message
      setStatus('down', 'No connection')
      await new Promise((resolve) => setTimeout(resolve, LOAD_RETRY_MS))
    }
  }
}

function onEvent(name, data) {
  if (name === 'panel') views.get(data.id)?.update(data)
  if (name !== 'beat') return
  lastBeatMs = Date.now()
  skewMs = Date.parse(data.at) - lastBeatMs
  tick()
}

function tick() {
  const nowMs = Date.now() + skewMs
  for (const view of views.values()) view.tick(nowMs)
  const newest = newestAge()
  if (!lineUp || Date.now() - lastBeatMs > BEAT_LATE_MS) {
    setStatus('down', lastBeatMs === 0 ? 'No connection' : `No connection, ${agoText(new Date(lastBeatMs).toISOString(), Date.now())}`)
    setNotice('down', 'bad', `The numbers below stand still: the server cannot be reached. ${downReason} This page keeps trying.`)
    return
  }
  setNotice('down')
  const failing = [...views.values()].filter((view) => view.state()?.error)
  if (failing.length > 0) {
    setStatus('stale', 'Store not answering')
    setNotice(
      'store',
      'warn',
      'ClickHouse does not answer all questions. What is shown is the last good answer; events are still accepted and wait in the log.',
    )
    return
  }
  setNotice('store')
  if (newest === undefined) return setStatus('wait', 'Reading')
  if (newest === null) {
    setStatus('quiet', 'No traffic yet')
    setNotice(
      'empty',
      'plain',
      exampleUrl === null ? 'No traffic yet.' : ['No traffic yet: send a click to ', h('code', {}, exampleUrl), ' and watch it arrive.'],
    )
    return
  }
  setNotice('empty')
  if (newest * 1000 > QUIET_MS) setStatus('quiet', `Quiet for ${newest < 7_200 ? `${Math.round(newest / 60)} min` : `${Math.round(newest / 3_600)} h`}`)
  else setStatus('live', 'Live')
}

/** Age in seconds of the newest row of any stream; null when there is none, undefined when that is not known yet. */
function newestAge() {
  const state = views.get('freshness')?.state()
  if (!state || state.at === null) return undefined
  const ages = state.rows
    .filter((row) => row.stream !== 'Parked')
    .map((row) => row.age_seconds)
    .filter((age) => age !== null)
  return ages.length === 0 ? null : Math.min(...ages)
}

function setStatus(state, words) {
  if (status.dataset.state !== state) status.dataset.state = state
  const element = status.querySelector('.words')
  if (element.textContent !== words) element.textContent = words
}

function setNotice(id, tone, content) {
  const known = document.getElementById(`notice-${id}`)
  if (content === undefined) return known?.remove()
  if (known === null) notices.append(h('p', { id: `notice-${id}`, class: 'notice', 'data-tone': tone }, content))
}

byId('look').addEventListener('submit', (event) => {
  event.preventDefault()
  const id = byId('look-id').value.trim()
  if (id !== '') open('subject', id)
})
byId('drawer').addEventListener('close', () => history.replaceState(null, '', location.pathname))
byId('drawer').addEventListener('click', (event) => {
  if (event.target === event.currentTarget) event.currentTarget.close()
})
document.addEventListener('keydown', (event) => {
  if (event.key === '/' && !event.target.closest('input, textarea, dialog')) {
    event.preventDefault()
    byId('look-id').focus()
  }
})
window.addEventListener('hashchange', followHash)

await loadPanels()
setInterval(tick, TICK_MS)
followHash()
void followStream('/v1/live', {
  onEvent,
  onUp: () => {
    lineUp = true
    lastBeatMs = Date.now()
    tick()
  },
  onDown: (reason) => {
    lineUp = false
    downReason = reason
    tick()
  },
})
