import { decimalFromText, textFromMoney } from '../schemas/money.ts'
import type { LedgerRow } from './rows.ts'
import type { TimelineLine } from './timeline.ts'
import { entryInWords } from './words.ts'

const SCALE_DIGITS = 8
const STATES = ['approved', 'pending', 'held'] as const
type State = (typeof STATES)[number]
type Totals = Map<string, Record<State, bigint>>

/** The text comes out of our own ledger, so another shape is a defect. */
function unitsOf(amount: string): bigint {
  const units = decimalFromText(amount, SCALE_DIGITS, 'signed')
  if (typeof units === 'string') throw new Error(`the ledger holds "${amount}", which is no amount: ${units}`)
  return units
}

/** With two decimals at least, as people write money. */
export function moneyInWords(units: bigint): string {
  const text = textFromMoney(units)
  const point = text.indexOf('.')
  if (point < 0) return `${text}.00`
  return text.length - point === 2 ? `${text}0` : text
}

/** The entries that one event caused, each with the formula and with what the player has earned in all after it. */
export function ledgerLines(entries: LedgerRow[], eventId: string): TimelineLine[] {
  const totals: Totals = new Map()
  const lines: TimelineLine[] = []
  for (const transaction of transactionsOf(entries)) {
    for (const entry of transaction) add(totals, entry)
    const head = transaction[0]
    if (head === undefined || head.event_id !== eventId) continue
    lines.push({ text: `${transactionSentence(transaction)} After it: ${stateSentence(totals, head.currency)}.`, tone: toneOf(head) })
  }
  return lines
}

/** What the affiliate has from this player now, one sentence a currency. */
export function balanceSentences(entries: LedgerRow[]): string[] {
  const totals: Totals = new Map()
  for (const entry of entries) add(totals, entry)
  if (totals.size === 0) return ['No commission has been booked.']
  return [...totals.keys()].sort().map((currency) => `Commission now: ${stateSentence(totals, currency)}.`)
}

function transactionsOf(entries: LedgerRow[]): LedgerRow[][] {
  const byId = new Map<string, LedgerRow[]>()
  for (const entry of entries) {
    const known = byId.get(entry.transaction_id)
    if (known === undefined) byId.set(entry.transaction_id, [entry])
    else known.push(entry)
  }
  return [...byId.values()]
}

function transactionSentence(transaction: LedgerRow[]): string {
  const owed = transaction.filter((entry) => entry.account !== 'expense')
  const head = owed[0] ?? transaction[0]
  if (head === undefined) return ''
  const moves = owed.map((entry) => `${signed(entry.amount)} ${entry.currency} ${entry.account}`).join(', ')
  return `${entryInWords(head.entry_type)}: ${moves} (deal ${head.deal_id} v${head.deal_version}, ${head.component_id}: ${head.formula}).`
}

function signed(amount: string): string {
  const units = unitsOf(amount)
  return `${units > 0n ? '+' : ''}${moneyInWords(units)}`
}

function add(totals: Totals, entry: LedgerRow): void {
  const state = STATES.find((name) => name === entry.account)
  const known = totals.get(entry.currency) ?? { approved: 0n, pending: 0n, held: 0n }
  if (state !== undefined) known[state] += unitsOf(entry.amount)
  totals.set(entry.currency, known)
}

function stateSentence(totals: Totals, currency: string): string {
  const sums = totals.get(currency) ?? { approved: 0n, pending: 0n, held: 0n }
  return `${STATES.map((state) => `${moneyInWords(sums[state])} ${state}`).join(', ')} ${currency}`
}

function toneOf(entry: LedgerRow): TimelineLine['tone'] {
  if (entry.entry_type === 'approval') return 'good'
  return entry.entry_type === 'reversal' ? 'bad' : entry.entry_type === 'hold' ? 'warn' : 'plain'
}
