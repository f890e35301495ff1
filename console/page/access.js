import { byId } from './dom.js'

const KEY = 'tributary-console-token'
let token = sessionStorage.getItem(KEY)
let asking = null

export function headersWithToken() {
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

/** Fetches with the token; asks for one when the server wants it, and tries again. */
export async function fetchWithToken(path, options = {}) {
  const response = await fetch(path, { ...options, headers: { accept: 'application/json', ...headersWithToken() } })
  if (response.status !== 401) return response
  await askForToken(token !== null)
  return fetchWithToken(path, options)
}

/** One dialog for all who wait. */
function askForToken(wasWrong) {
  asking ??= new Promise((resolve) => {
    const door = byId('door')
    const form = byId('door-form')
    const input = byId('door-token')
    byId('door-error').textContent = wasWrong ? 'That is not the console token.' : ''
    input.value = ''
    const stay = (event) => event.preventDefault()
    const submit = (event) => {
      event.preventDefault()
      token = input.value.trim()
      sessionStorage.setItem(KEY, token)
      form.removeEventListener('submit', submit)
      door.removeEventListener('cancel', stay)
      door.close()
      asking = null
      resolve()
    }
    form.addEventListener('submit', submit)
    door.addEventListener('cancel', stay)
    door.showModal()
    input.focus()
  })
  return asking
}
