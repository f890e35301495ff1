/** What forgers do to a click id they have seen. */

const signs = '0123456789abcdefghijklmnopqrstuvwxyz'

/** The last sign but two becomes the next one. */
export function altered(id: string): string {
  const at = Math.max(0, id.length - 3)
  const sign = id[at] ?? '0'
  return `${id.slice(0, at)}${signs[(signs.indexOf(sign) + 1) % signs.length]}${id.slice(at + 1)}`
}

/** The first two neighbours that differ change places; that moves the time of the click. */
export function swapped(id: string): string {
  for (let at = Math.min(6, id.length - 2); at < id.length - 1; at++) {
    const [left, right] = [id[at], id[at + 1]]
    if (left !== right) return `${id.slice(0, at)}${right}${left}${id.slice(at + 2)}`
  }
  return altered(id)
}
