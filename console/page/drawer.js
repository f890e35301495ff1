import { fetchWithToken } from './access.js'
import { byId, h } from './dom.js'
import { moneyText, timeText, utcTitle } from './format.js'

const signs = { plain: '·', good: '✓', warn: '▲', bad: '✕' }
const drawer = byId('drawer')
const title = byId('drawer-title')
const body = byId('drawer-body')
let asked = 0

/** Opens the look-up of an id: a timeline for clicks, receipts and players, a summary for affiliates. */
export async function openDrawer(kind, id) {
  const turn = ++asked
  title.textContent = kind === 'affiliate' ? `Affiliate ${id}` : id
  body.replaceChildren(h('p', {}, 'Reading…'))
  if (!drawer.open) drawer.showModal()
  title.focus()
  const path = `/v1/${kind === 'affiliate' ? 'affiliates' : 'trace'}/${encodeURIComponent(id)}`
  const content = await load(path, kind)
  if (turn === asked) body.replaceChildren(...content)
}

async function load(path, kind) {
  try {
    const response = await fetchWithToken(path)
    const answer = await response.json()
    if (!response.ok) return [h('p', {}, answer.detail ?? `The server answered ${response.status}.`), answer.fix ? h('p', {}, answer.fix) : ''].filter(Boolean)
    return kind === 'affiliate' ? affiliateContent(answer) : timelineContent(answer)
  } catch (error) {
    return [h('p', {}, `The server could not be asked: ${error.message}`)]
  }
}

function timelineContent(timeline) {
  title.textContent = timeline.headline
  return [
    h(
      'div',
      { class: 'summary' },
      timeline.summary.map((sentence) => h('p', {}, sentence)),
    ),
    h(
      'ol',
      { class: 'timeline' },
      timeline.steps.map((step) =>
        h(
          'li',
          { class: `tone-${step.tone === 'plain' ? 'muted' : step.tone}` },
          h(
            'div',
            { class: 'step-head' },
            h('strong', {}, step.title),
            step.state === null ? null : h('span', { class: 'badge', 'data-tone': step.tone }, step.state),
            timeElement(step.at),
          ),
          h('div', { class: 'step-id id' }, step.id),
          h(
            'ul',
            {},
            step.lines.map((line) =>
              h(
                'li',
                {},
                h('span', { class: `tone-${line.tone === 'plain' ? 'muted' : line.tone}`, 'aria-hidden': 'true' }, signs[line.tone]),
                h('span', {}, line.text),
              ),
            ),
          ),
        ),
      ),
    ),
    timeline.truncated ? h('p', {}, 'There is more than is shown here; the views have all of it.') : '',
  ].filter(Boolean)
}

function affiliateContent(affiliate) {
  if (affiliate.name) title.textContent = `${affiliate.name} (${affiliate.affiliate_id})`
  return [
    h('h3', {}, 'Balances'),
    affiliate.balances.length === 0
      ? h('p', {}, 'Nothing has been booked.')
      : tableOf(
          ['Currency', 'Approved', 'Pending', 'Held'],
          affiliate.balances.map((row) => [row.currency, ...['approved', 'pending', 'held'].map((state) => moneyText(row[state], row.currency))]),
        ),
    h('h3', {}, 'Latest suspicions'),
    affiliate.verdicts.length === 0
      ? h('p', {}, 'None.')
      : tableOf(
          ['Judged', 'Decision', 'Subject', 'Why'],
          affiliate.verdicts.map((row) => [
            timeElement(row.scored_at),
            `${row.decision} ${row.score}`,
            lookButton(row.subject_id, `${row.subject_type} ${row.subject_id.slice(0, 12)}…`),
            row.why,
          ]),
        ),
    h('h3', {}, 'Latest players'),
    affiliate.players.length === 0
      ? h('p', {}, 'None.')
      : tableOf(
          ['Bound', 'Player', 'By'],
          affiliate.players.map((row) => [timeElement(row.bound_at), lookButton(`${row.brand_id}:${row.player_id}`), row.evidence.replace('_', ' ')]),
        ),
  ]
}

function tableOf(heads, rows) {
  return h(
    'div',
    { class: 'numbers-wide' },
    h(
      'table',
      {},
      h(
        'thead',
        {},
        h(
          'tr',
          {},
          heads.map((head) => h('th', { scope: 'col' }, head)),
        ),
      ),
      h(
        'tbody',
        {},
        rows.map((row) =>
          h(
            'tr',
            {},
            row.map((cell) => h('td', {}, cell)),
          ),
        ),
      ),
    ),
  )
}

function lookButton(id, label = id) {
  return h('button', { class: 'link id', type: 'button', title: id, onclick: () => (location.hash = `#id=${encodeURIComponent(id)}`) }, label)
}

function timeElement(at) {
  return h('time', { datetime: at, title: utcTitle(at) }, timeText(at))
}
