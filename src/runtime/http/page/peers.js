/** Peers in a table: who, how near, how well they behave. It is also what the drawing of the mesh says, in words. */
import { el, facts, fill, renew } from "./dom.js"
import { clock } from "./live.js"
import { empty, idOf, pill, registryLink } from "./parts.js"
import { peers, registries, status } from "./watch.js"
import { ago, counted, latency, moment, short, whole } from "./words.js"

/** Rows that are drawn at most: a table of more is no table for people. */
const rowsMax = 1_000

/** @typedef {import("./watch.js").Peer} Peer */

/** @type {ReadonlyArray<readonly [string, (peer: Peer) => import("./dom.js").Child, string]>} */
const columns = [
  ["Registry", ({ registry_id: id }) => registryLink(id), ""],
  ["Role", ({ role }) => role, ""],
  ["Direction", ({ direction }) => (direction === "out" ? "we called" : "it called"), ""],
  ["Round trip", ({ latency_ms: ms }) => latency(ms), "number"],
  ["Reputation", ({ reputation }) => reputationPill(reputation), "number"],
  ["Trust", ({ trust_score: trust }) => trust.toFixed(2), "number"],
  ["Identity", ({ verification_tier: tier }) => tier, ""],
  ["Entities", ({ agent_count: count }) => whole(count), "number"],
  ["Heard", ({ last_seen: at }) => ago(at, Date.now() + clock.aheadMs), ""],
  ["Address", ({ address }) => el("code", {}, address === "" ? "cannot be dialled" : address), ""],
]

/** @param {number} reputation */
const reputationPill = (reputation) => pill(reputation >= 0.8 ? "good" : reputation >= 0.4 ? "fair" : "bad", reputation.toFixed(2))

/** @param {number} [most] @param {boolean} [isBrief] on a narrow screen a line for each */
export const peersTable = (most = rowsMax, isBrief = false) => {
  const body = el("tbody")
  const table = el(
    "table",
    { class: isBrief && "brief" },
    el("caption", { class: "hidden" }, "Peers of this node"),
    el("thead", {}, el("tr", {}, ...columns.map(([name, , kind]) => el("th", { scope: "col", class: kind }, name)))),
    body,
  )
  const content = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Peers" })
  const show = () => {
    const list = peers.value
    if (list === undefined) return fill(content, empty("Asking the node …"))
    if (list.length === 0) return fill(content, lonely())
    renew(body, ...list.slice(0, most).map(rowOf))
    if (table.parentElement !== content) fill(content, table)
  }
  const stops = [peers.listen(show)]
  return { content, stop: () => stops.forEach((stop) => stop()) }
}

/** @param {Peer} peer */
const rowOf = (peer) =>
  el(
    "tr",
    {},
    ...columns.map(([name, cell, kind], i) =>
      i === 0 ? el("th", { scope: "row" }, cell(peer)) : el("td", { class: kind, "data-label": name }, cell(peer)),
    ),
  )

const lonely = () =>
  empty("No peers. Others join with ", el("code", {}, "--bootstrap HOST:PORT"), " and this node's mesh address; or this one joins them so.")

/** @returns {import("./router.js").Page} */
export const peersPage = () => {
  const table = peersTable()
  const count = el("p", { class: "soft" })
  const stop = peers.listen((list) => fill(count, list !== undefined && peersWords(list)))
  return {
    title: "Peers",
    content: [el("section", {}, el("h1", {}, "Peers"), count, table.content)],
    stop: () => {
      stop()
      table.stop()
    },
  }
}

/** @param {ReadonlyArray<Peer>} list */
const peersWords = (list) => {
  const called = list.filter(({ direction }) => direction === "out").length
  return `${counted(list.length, "peer")}: ${called} that this node called, ${list.length - called} that called it.`
}

/** One registry: what this node knows of it. @param {ReadonlyArray<string>} parts @returns {import("./router.js").Page} */
export const registryPage = ([id = ""]) => {
  const content = el("div")
  const show = () => {
    const peer = peers.value?.find(({ registry_id: other }) => other === id)
    if (peers.value !== undefined) renew(content, peer === undefined ? stranger(id) : knownPeer(peer))
  }
  const stops = [peers.listen(show), registries.listen(show)]
  return {
    title: `Registry ${short(id)}`,
    content: [el("section", {}, el("h1", {}, "Registry"), content)],
    stop: () => stops.forEach((stop) => stop()),
  }
}

/** @param {string} id */
const stranger = (id) => {
  if (id === status.value?.registry_id)
    return empty("This is the node that you are looking at. ", el("a", { href: "#/" }, "To the overview"))
  const known = registries.value?.find(({ registry_id: other }) => other === id)
  return el(
    "div",
    {},
    el("p", {}, idOf(id, "the id")),
    empty(known === undefined ? "This node has not heard of it." : "It is not connected to this node, which hears of it through others."),
    known !== undefined &&
      facts([
        ["Last word", known.last_word !== undefined && ago(known.last_word, Date.now() + clock.aheadMs)],
        ["Alive", known.stale ? "it said nothing for a day" : "yes"],
        ["Trust", known.trust_score.toFixed(2)],
      ]),
  )
}

/** @param {Peer} peer */
const knownPeer = (peer) =>
  el(
    "div",
    {},
    facts([
      ["Id", idOf(peer.registry_id, "the id")],
      ...columns.slice(1).map(([name, cell]) => /** @type {const} */ ([name, cell(peer)])),
      ["Key", idOf(peer.public_key, "the key")],
      ["Connected", moment(peer.connected_at)],
      ["Verified here", peer.verified_layers.join(", ") || "nothing yet"],
    ]),
    el("h2", {}, "Verdicts on what it sent"),
    Object.keys(peer.verdicts).length === 0
      ? empty("It has sent nothing yet.")
      : facts(Object.entries(peer.verdicts).map(([verdict, count]) => [verdict, whole(count)])),
  )
