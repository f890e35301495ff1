/** Builds an element. Text stays text: nothing here parses markup. `on...` are listeners, the rest are attributes. */
export function h(tag, attributes = {}, ...children) {
  const svg = tag === 'svg' || tag === 'line'
  const element = svg ? document.createElementNS('http://www.w3.org/2000/svg', tag) : document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue
    if (name.startsWith('on')) element.addEventListener(name.slice(2), value)
    else element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined))
  return element
}

/** Writes text only when it differs, so that nothing is laid out again and no selection is lost. */
export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

/** Makes a list as long as asked with the elements it has: nothing jumps, and the focus stays where it is. */
export function sync(parent, items, create, update) {
  while (parent.children.length > items.length) parent.lastElementChild.remove()
  items.forEach((item, index) => {
    let element = parent.children[index]
    if (element === undefined) {
      element = create()
      parent.append(element)
    }
    update(element, item, index)
  })
}

export function byId(id) {
  return document.getElementById(id)
}
