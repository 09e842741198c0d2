/** Peers in a table: who, how near, how well they behave. It is also what the drawing of the mesh says, in words. */
import { el, fill } from "./dom.js"
import { clock } from "./live.js"
import { empty, pill, registryLink } from "./parts.js"
import { peers, status } from "./watch.js"
import { ago, counted, latency, moment, whole } from "./words.js"

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
export const reputationPill = (reputation) => pill(reputation >= 0.8 ? "good" : reputation >= 0.4 ? "fair" : "bad", reputation.toFixed(2))

/** @param {number} most */
export const peersTable = (most = rowsMax) => {
  const body = el("tbody")
  const table = el(
    "table",
    {},
    el("caption", { class: "hidden" }, "Peers of this node"),
    el("thead", {}, el("tr", {}, ...columns.map(([name, , kind]) => el("th", { scope: "col", class: kind }, name)))),
    body,
  )
  const content = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Peers" })
  const show = () => {
    const list = peers.value
    if (list === undefined) return fill(content, empty("Asking the node …"))
    if (list.length === 0) return fill(content, lonely())
    fill(body, ...list.slice(0, most).map(rowOf))
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
  const stop = peers.listen((list) => {
    if (list === undefined) return
    const peer = list.find(({ registry_id: other }) => other === id)
    fill(content, peer === undefined ? stranger(id) : knownPeer(peer))
  })
  return { title: `Registry ${id}`, content: [el("section", {}, el("h1", {}, "Registry"), content)], stop }
}

/** @param {string} id */
const stranger = (id) =>
  id === status.value?.registry_id
    ? empty("This is the node that you are looking at. ", el("a", { href: "#/" }, "To the overview"))
    : el("div", {}, el("p", {}, el("code", {}, id)), empty("It is not connected to this node. What it is home to came through others."))

/** @param {Peer} peer */
const knownPeer = (peer) =>
  el(
    "div",
    {},
    el("p", {}, el("code", {}, peer.registry_id)),
    el(
      "dl",
      { class: "facts" },
      ...[
        ...columns.slice(1).map(([name, cell]) => /** @type {const} */ ([name, cell(peer)])),
        /** @type {const} */ (["Key", el("code", {}, peer.public_key)]),
        /** @type {const} */ (["Connected", moment(peer.connected_at)]),
        /** @type {const} */ (["Verified here", peer.verified_layers.join(", ") || "nothing yet"]),
      ].map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value ?? ""))),
    ),
    el("h2", {}, "Verdicts on what it sent"),
    Object.keys(peer.verdicts).length === 0
      ? empty("It has sent nothing yet.")
      : el(
          "dl",
          { class: "facts" },
          ...Object.entries(peer.verdicts).map(([verdict, count]) => el("div", {}, el("dt", {}, verdict), el("dd", {}, whole(count)))),
        ),
  )
