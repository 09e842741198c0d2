/** Small pieces that several pages show. */
import { copier, el } from "./dom.js"
import { addressOf } from "./router.js"
import { hueOf, short } from "./words.js"

/** An id whole, and a button that copies it. @param {string} id @param {string} what */
export const idOf = (id, what) => el("span", { class: "id" }, el("code", {}, id), copier(id, what))

/** A registry: a dot of its own colour, and what tells its id from others. @param {string} id @param {string} [name] */
export const registryLink = (id, name = short(id)) =>
  el("a", { href: addressOf("registry", [id]), class: "registry", title: id }, dot(id), el("code", {}, name))

/** @param {string} id */
const dot = (id) => {
  const mark = el("i", { class: "dot", "aria-hidden": "true" })
  mark.style.setProperty("--hue", String(hueOf(id)))
  return mark
}

/** @param {"good" | "fair" | "bad" | "plain"} kind @param {string} text */
export const pill = (kind, text) => el("span", { class: `pill ${kind}` }, text)

/** @param {string} status */
export const statusPill = (status) => pill(status === "active" ? "good" : "plain", status)

/** Where a record is from, in words. @param {string} tier */
export const tierWords = (tier) =>
  ({ local: "registered here", gossip: "learned from the mesh", dht: "looked up in the DHT", hearsay: "told by a peer, proven by nobody" })[
    tier
  ] ?? tier

/** 0 … 1 as a bar with its number. @param {string} label @param {number} share */
export const bar = (label, share) => {
  const filled = el("i", { "aria-hidden": "true" })
  filled.style.setProperty("--share", String(Math.max(0, Math.min(1, share))))
  return el(
    "div",
    { class: "bar-row" },
    el("span", {}, label),
    el("span", { class: "track", "aria-hidden": "true" }, filled),
    el("b", {}, share.toFixed(2)),
  )
}

/** @param {string} message @param {...import("./dom.js").Child} more */
export const empty = (message, ...more) => el("p", { class: "empty" }, message, ...more)

/** @param {string} [what] */
export const loading = (what = "Asking the node …") => el("p", { class: "empty loading", role: "status" }, what)
