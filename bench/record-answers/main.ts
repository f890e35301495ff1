import { writeFileSync } from 'node:fs'

/**
 * Loaded before a sender (`node --import`), it reads along what its requests are answered, and writes at the end which
 * receipts and clicks were acknowledged: what the sender may rely on, whatever it says about itself.
 */
export type RecordedAnswers = { requests2xx: number; items: number; receiptIds: string[]; clickIds: string[] }

type Item = { status?: string; receipt_id?: string; click_id?: string }

const file = process.env['BENCH_ANSWERS_FILE']
if (file === undefined) throw new Error('BENCH_ANSWERS_FILE does not say where the answers go')
const receiptIds = new Set<string>()
const clickIds = new Set<string>()
let requests2xx = 0
let items = 0

const plainFetch = globalThis.fetch
globalThis.fetch = async (input, init) => {
  const response = await plainFetch(input, init)
  if (!response.ok) return response
  const text = await response.text()
  // Whoever sends may lose an answer that it stops waiting for; what is counted here has arrived whole.
  requests2xx += 1
  const body = JSON.parse(text) as Item & { items?: Item[] }
  for (const item of body.items ?? [body]) note(item)
  return new Response(text, { status: response.status, headers: response.headers })
}

function note({ status, receipt_id: receiptId, click_id: clickId }: Item): void {
  if (status !== 'accepted') return
  items += 1
  if (receiptId !== undefined) receiptIds.add(receiptId)
  if (clickId !== undefined) clickIds.add(clickId)
}

process.once('exit', () => {
  const answers: RecordedAnswers = { requests2xx, items, receiptIds: [...receiptIds], clickIds: [...clickIds] }
  writeFileSync(file, JSON.stringify(answers))
})
