/**
 * The pages behind `#/…`: which one an address means, its title, where the focus goes, and what ends when it is left.
 */
import { byId, el, fill } from "./dom.js"

/**
 * @typedef {{ title: string, content: ReadonlyArray<import("./dom.js").Child>, stop?: () => void, change?: (query: URLSearchParams) => void }} Page
 * @typedef {(parts: ReadonlyArray<string>, query: URLSearchParams, isReturn: boolean) => Page} Maker
 */

/** @type {Readonly<Record<string, Maker>>} */
let makers = {}
/** @type {Page | undefined} */
let page
let shownPath = ""
let name = "Registry node"

/** How far down each page was read, for who comes back to it; the oldest is forgotten. @type {Map<string, number>} */
const places = new Map()
const placesMax = 50
let shownAt = ""

/** Parts of an address are ids and names: each is encoded, so that a slash in one is no border. @param {string} hash */
const read = (hash) => {
  const [path = "", query = ""] = hash.replace(/^#\/?/, "").split("?")
  const [kind = "", ...parts] = path.split("/").map(decoded)
  return { kind, parts, path, query: new URLSearchParams(query) }
}

/** @param {string} part */
const decoded = (part) => {
  try {
    return decodeURIComponent(part)
  } catch {
    return part
  }
}

/** The address of a page. @param {string} kind @param {ReadonlyArray<string>} [parts] @param {Readonly<Record<string, string>>} [query] */
export const addressOf = (kind, parts = [], query = {}) => {
  const words = new URLSearchParams(Object.entries(query).filter(([, value]) => value !== "")).toString()
  return `#/${[kind, ...parts.map(encodeURIComponent)].join("/")}${words === "" ? "" : `?${words}`}`
}

/** Changes the address of the page that is shown, without a step for the back button. @param {string} address */
export const replace = (address) => {
  history.replaceState(history.state, "", address)
  shownAt = location.hash
  show(false)
}

export const here = () => read(location.hash)

/** What the registry is called, behind each page's own title. @param {string} registry */
export const nameTitles = (registry) => {
  name = registry
  if (page !== undefined) title(page.title)
}

/** @param {string} own */
const title = (own) => {
  document.title = own === "" ? name : `${own} · ${name}`
}

/** @param {boolean} takesFocus */
const show = (takesFocus) => {
  const { kind, parts, path, query } = read(location.hash)
  if (page !== undefined && path === shownPath && page.change !== undefined) return page.change(query)
  page?.stop?.()
  // an entry of the history that was shown before is marked: links make entries that are not
  const isReturn = history.state?.isSeen === true
  history.replaceState({ isSeen: true }, "")
  shownPath = path
  shownAt = location.hash
  const made = Object.hasOwn(makers, kind) ? makers[kind] : undefined
  page = made === undefined ? missing() : made(parts, query, isReturn)
  fill(byId("main"), ...page.content)
  title(page.title)
  for (const link of document.querySelectorAll("nav a")) {
    const isHere = link.getAttribute("href") === `#/${kind}`
    if (isHere) link.setAttribute("aria-current", "page")
    else link.removeAttribute("aria-current")
  }
  // who types goes on typing
  if (!takesFocus || document.activeElement instanceof HTMLInputElement) return
  window.scrollTo(0, isReturn ? (places.get(shownAt) ?? 0) : 0)
  const heading = byId("main").querySelector("h1") ?? byId("main")
  heading.tabIndex = -1
  heading.focus({ preventScroll: true })
}

/** A page whose title is known when its data have come. @param {string} own */
export const retitle = (own) => {
  if (page !== undefined) page = { ...page, title: own }
  title(own)
}

/** @returns {Page} */
const missing = () => ({
  title: "Not found",
  content: [
    el("h1", {}, "There is nothing here"),
    el("p", { class: "empty" }, "This address names no page of this node. ", el("a", { href: "#/" }, "To the overview")),
  ],
})

/** @param {Readonly<Record<string, Maker>>} pages */
export const route = (pages) => {
  makers = pages
  history.scrollRestoration = "manual"
  document.addEventListener("scroll", () => {
    places.delete(shownAt)
    places.set(shownAt, window.scrollY)
    if (places.size > placesMax) places.delete(places.keys().next().value ?? "")
  })
  window.addEventListener("hashchange", () => show(true))
  show(false)
}
