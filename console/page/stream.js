import { fetchWithToken } from './access.js'

const SILENCE_MS_MAX = 7_000
const RETRY_MS_MIN = 1_000
const RETRY_MS_MAX = 10_000

/**
 * Follows server-sent events for ever. By fetch rather than EventSource, which cannot send a token. A line that has
 * gone silent is given up, since the server beats every two seconds.
 */
export async function followStream(path, { onEvent, onUp, onDown }) {
  let retryMs = RETRY_MS_MIN
  for (;;) {
    try {
      await readStream(
        path,
        (name, data) => onEvent(name, data),
        () => {
          retryMs = RETRY_MS_MIN
          onUp()
        },
      )
      onDown('The server closed the line.')
    } catch (error) {
      onDown(error.message)
    }
    await new Promise((resolve) => setTimeout(resolve, retryMs * (0.8 + 0.4 * Math.random())))
    retryMs = Math.min(RETRY_MS_MAX, retryMs * 2)
  }
}

async function readStream(path, onEvent, onOpen) {
  const abort = new AbortController()
  let watch = setTimeout(() => abort.abort(new Error('The server fell silent.')), SILENCE_MS_MAX)
  const heard = () => {
    clearTimeout(watch)
    watch = setTimeout(() => abort.abort(new Error('The server fell silent.')), SILENCE_MS_MAX)
  }
  try {
    const pending = fetchWithToken(path, { signal: abort.signal })
    clearTimeout(watch) // a person may take any time to type a token
    const response = await pending
    if (!response.ok) throw new Error((await response.json().catch(() => null))?.detail ?? `The server answered ${response.status}.`)
    onOpen()
    heard()
    const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
    let text = ''
    for (;;) {
      const { value, done } = await reader.read()
      if (done) return
      heard()
      text += value
      for (let end = text.indexOf('\n\n'); end >= 0; end = text.indexOf('\n\n')) {
        deliver(text.slice(0, end), onEvent)
        text = text.slice(end + 2)
      }
    }
  } finally {
    clearTimeout(watch)
    abort.abort()
  }
}

function deliver(block, onEvent) {
  let name = 'message'
  let data = ''
  for (const line of block.split('\n')) {
    if (line.startsWith('event: ')) name = line.slice(7)
    else if (line.startsWith('data: ')) data += line.slice(6)
  }
  if (data !== '') onEvent(name, JSON.parse(data))
}
