/**
 * Elements from data. All text becomes text nodes and attributes, never markup: what records and peers say cannot be more
 * than what is read.
 */

/** @typedef {Node | string | number | false | null | undefined} Child */
/** @typedef {Readonly<Record<string, string | number | boolean | undefined | ((event: any) => void)>>} Attributes */

/**
 * @template {Element} E
 * @param {E} element
 * @param {Attributes} attributes
 * @param {ReadonlyArray<Child>} children
 * @returns {E}
 */
const filled = (element, attributes, children) => {
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue
    if (typeof value === "function") element.addEventListener(name, value)
    else element.setAttribute(name, value === true ? "" : String(value))
  }
  element.append(...shown(children))
  return element
}

/** @param {ReadonlyArray<Child>} children */
const shown = (children) =>
  children
    .filter((child) => child !== undefined && child !== null && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)))

/**
 * Functions among the attributes listen to the event of their name.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 */
export const el = (tag, attributes = {}, ...children) => filled(document.createElement(tag), attributes, children)

/**
 * @template {keyof SVGElementTagNameMap} T
 * @param {T} tag
 * @param {Attributes} [attributes]
 * @param {...Child} children
 */
export const svg = (tag, attributes = {}, ...children) =>
  filled(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children)

/**
 * @param {Element} element
 * @param {...Child} children
 */
export const fill = (element, ...children) => element.replaceChildren(...shown(children))

/**
 * As `fill`, keeping what is the same: so focus, selection and scrolling stay where they are. What stays keeps its listeners,
 * too: this is for content that differs in words only.
 * @param {Element} element
 * @param {...Child} children
 */
export const renew = (element, ...children) => becomeLike(element, el("div", {}, ...children))

/** @param {Element} element @param {Element} wanted */
const becomeLike = (element, wanted) => {
  const [had, next] = [[...element.childNodes], [...wanted.childNodes]]
  next.forEach((node, i) => {
    const before = had[i]
    if (before instanceof HTMLElement && node instanceof HTMLElement && before.tagName === node.tagName) {
      for (const { name, value } of node.attributes)
        if (name !== "style" && before.getAttribute(name) !== value) before.setAttribute(name, value)
      for (const { name } of Array.from(before.attributes)) if (!node.hasAttribute(name)) before.removeAttribute(name)
      // the attribute is what the policy forbids, the property is not
      if (before.style.cssText !== node.style.cssText) before.style.cssText = node.style.cssText
      becomeLike(before, node)
    } else if (before instanceof Text && node instanceof Text) {
      if (before.data !== node.data) before.data = node.data
    } else if (before !== undefined) before.replaceWith(node)
    else element.append(node)
  })
  for (const node of had.slice(next.length)) node.remove()
}

/**
 * Sets text only where it differs, so that nothing is read out or laid out again for nothing.
 * @param {Element} element
 * @param {string} text
 */
export const say = (element, text) => {
  if (element.textContent !== text) element.textContent = text
}

/** @param {string} id */
export const byId = (id) => /** @type {HTMLElement} */ (document.getElementById(id))

/**
 * A link to somewhere else, if it is one that a browser may follow; else the same words.
 * @param {string} url
 * @param {string} [words]
 */
export const outward = (url, words = url) =>
  /^https?:\/\//i.test(url) && URL.canParse(url) ? el("a", { href: url, rel: "noopener noreferrer nofollow" }, words) : words

/**
 * A button that copies a text.
 * @param {string} text
 * @param {string} what
 */
export const copier = (text, what) => {
  const button = el("button", { type: "button", class: "copy", "aria-label": `Copy ${what}`, title: `Copy ${what}` }, "Copy")
  button.addEventListener("click", () => {
    /** @param {string} says */
    const tell = (says) => {
      button.textContent = says
      setTimeout(() => (button.textContent = "Copy"), 1_500)
    }
    // on plain HTTP there is no clipboard, but on this machine's own
    if (navigator.clipboard === undefined) return tell("No access")
    navigator.clipboard.writeText(text).then(
      () => tell("Copied"),
      () => tell("No access"),
    )
  })
  return button
}

/**
 * Names and values, one under the other; without those that there are not.
 * @param {ReadonlyArray<readonly [string, Child]>} rows
 */
export const facts = (rows) =>
  el(
    "dl",
    { class: "facts" },
    ...rows
      .filter(([, value]) => value !== undefined && value !== null && value !== false && value !== "")
      .map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))),
  )
