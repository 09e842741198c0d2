/** The first page: who this node is and how it stands, its figures, its place in the mesh, and what happens now. */
import { activityPanel } from "./activity.js"
import { el, facts, fill, outward, renew, say } from "./dom.js"
import { stream } from "./live.js"
import { meshPanel } from "./mesh.js"
import { pacePanel } from "./pace.js"
import { idOf, pill } from "./parts.js"
import { peersTable } from "./peers.js"
import { holdsRecords, roleNames, roleWords } from "./roles.js"
import { info, isReachable, peers, readiness, registries, status } from "./watch.js"
import { counted, lasting, readUptime, whole } from "./words.js"

/** Peers in the overview's table; the rest is on a page of its own. */
const peersShown = 12

/** @returns {import("./router.js").Page} */
export const overview = () => {
  const stops = /** @type {Array<() => void>} */ ([])
  const [identity, pills, figures] = [
    el("div"),
    el("p", { class: "pills", role: "group", "aria-label": "Health" }),
    el("dl", { class: "figures" }),
  ]
  const heading = el("h1", {}, "Registry node")
  const note = el("p", { class: "note", hidden: true })

  stops.push(
    info.listen((known) => {
      if (known === undefined) return
      say(heading, known.name)
      fill(
        identity,
        facts([
          ["Registry", idOf(known.registry_id, "the registry's id")],
          ["Key", idOf(known.public_key, "the public key")],
          ["Host of names", known.registry_host],
          ["Version", known.version],
          ["Registration", onboardingWords(known.developer_onboarding)],
        ]),
      )
    }),
  )

  const standing = () => {
    const [ready, node, live] = [readiness.value, status.value, stream.value.phase]
    renew(
      pills,
      isReachable.value ? pill("good", "answers") : pill("bad", "does not answer"),
      " ",
      ready !== undefined && isReachable.value && pill(ready.isReady ? "good" : "fair", ready.says),
      " ",
      ready?.isFilling === true && pill("fair", "indexes still fill: searches do not find everything yet"),
      " ",
      node !== undefined && pill(node.phase === "serving" ? "good" : "fair", node.phase),
      " ",
      pill(live === "live" ? "good" : "fair", live === "live" ? "live" : live === "connecting" ? "connecting" : "not live"),
      " ",
      node !== undefined && pill("plain", `${roleNames[node.node_type] ?? node.node_type}, up ${lasting(readUptime(node.uptime))}`),
    )
  }
  stops.push(isReachable.listen(standing), readiness.listen(standing), status.listen(standing), stream.listen(standing))

  const tiles = tilesIn(figures)
  stops.push(
    status.listen((node) => {
      if (node === undefined) return
      tiles([
        ["Peers", node.peer_count],
        // who holds no records has none to count
        ["Registered here", holdsRecords(node.node_type) ? node.local_agents : undefined],
        ["From the mesh", holdsRecords(node.node_type) ? node.gossip_entries : undefined],
        ["Developers", holdsRecords(node.node_type) ? node.developers : undefined],
        ["Registries known", registries.value?.length],
        ["DHT contacts", node.dht?.contacts],
      ])
      const words = roleWords[node.node_type]
      note.hidden = words === undefined
      say(note, words ?? "")
    }),
  )

  const [mesh, pace, activity] = [meshPanel(), pacePanel(), activityPanel({ most: 30, isWhole: false })]
  const [table, more] = [peersTable(peersShown, true), el("p", { class: "more" })]
  stops.push(
    mesh.stop,
    pace.stop,
    activity.stop,
    table.stop,
    peers.listen((list) =>
      fill(more, list !== undefined && list.length > peersShown && el("a", { href: "#/peers" }, `All ${counted(list.length, "peer")}`)),
    ),
  )

  return {
    title: "",
    content: [
      el("section", { class: "who", "aria-label": "This node" }, el("div", { class: "title" }, heading, pills), note, identity),
      el("section", { class: "plain", "aria-label": "Figures" }, figures),
      el(
        "div",
        { class: "columns" },
        el("section", { class: "mesh" }, el("h2", {}, "The mesh around it"), mesh.content),
        el("section", { class: "now" }, el("h2", {}, "Now"), pace.content, activity.content),
      ),
      el("section", {}, el("h2", {}, "Peers"), table.content, more),
    ],
    stop: () => stops.forEach((stop) => stop()),
  }
}

/** @param {typeof import("../documents.ts").Info.Type["developer_onboarding"]} onboarding */
const onboardingWords = ({ mode, auth_url: url }) => {
  if (mode === "open") return "open to everybody"
  const words = "developers are let in by the operator"
  return url === undefined ? words : outward(url, words)
}

/** Tiles that stay the same elements while their numbers change. @param {HTMLElement} list */
const tilesIn = (list) => {
  /** @type {Map<string, HTMLElement>} */
  const values = new Map()
  return (/** @type {ReadonlyArray<readonly [string, number | undefined]>} */ rows) => {
    for (const [name, value] of rows) {
      if (value === undefined) continue
      let shown = values.get(name)
      if (shown === undefined) {
        shown = el("dd")
        values.set(name, shown)
        list.append(el("div", {}, el("dt", {}, name), shown))
      }
      say(shown, whole(value))
    }
  }
}
