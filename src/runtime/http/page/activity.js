/**
 * What happens, newest first: a list that is bounded, changes at most a few times a second, and stands still while the reader
 * wants it to.
 */
import { el, say } from "./dom.js"
import { happenings, stream, whenHappening } from "./live.js"
import { registryLink } from "./parts.js"
import { addressOf } from "./router.js"
import { counted, latency, short, timeOfDay } from "./words.js"

/** @typedef {import("./live.js").Happening} Happening */

/** Kinds that can be chosen, and the types of events that each means. What goes out says once more what was done here. @type {Readonly<Record<string, RegExp>>} */
const kinds = {
  Everything: /^(?!gossip_outgoing)/,
  "Entities and names": /^(entity_(registered|deregistered|became)|handle|name)/,
  Gossip: /^gossip/,
  Peers: /^peer/,
  Searches: /^search/,
}

/** Drawn anew so often at most. */
const drawPeriodMs = 250

/** @param {{ most: number, isWhole: boolean }} wanted */
export const activityPanel = ({ most, isWhole }) => {
  const list = el("ol", { class: "events", role: "log", "aria-live": "off", "aria-label": "Activity, newest first", tabindex: "0" })
  const nothing = el("p", { class: "empty" })
  const pause = el("button", { type: "button", "aria-pressed": "false" }, "Pause")
  const choice = el("select", { "aria-label": "Which activity" }, ...Object.keys(kinds).map((kind) => el("option", {}, kind)))
  let isPaused = false
  let waiting = 0
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let due

  const draw = () => {
    due = undefined
    const wanted = kinds[choice.value] ?? /./
    /** @type {Array<Happening>} */
    const chosen = []
    for (let i = happenings.length - 1; i >= 0 && chosen.length < most; i--) {
      const happening = happenings[i]
      if (happening !== undefined && wanted.test(happening.type)) chosen.push(happening)
    }
    const shown = new Map([...list.children].map((row) => [row.getAttribute("data-id"), row]))
    list.replaceChildren(...chosen.map((happening) => shown.get(happening.id) ?? rowOf(happening)))
    nothing.hidden = chosen.length > 0
    list.hidden = chosen.length === 0
    say(nothing, stream.value.phase === "live" ? "Nothing happened yet. What happens shows up here at once." : "Connecting to the stream …")
  }
  const changed = () => {
    if (isPaused) {
      waiting++
      say(pause, `Go on (${counted(waiting, "new one", "new")})`)
    } else due ??= setTimeout(draw, drawPeriodMs)
  }

  pause.addEventListener("click", () => {
    isPaused = !isPaused
    waiting = 0
    pause.setAttribute("aria-pressed", String(isPaused))
    say(pause, isPaused ? "Go on" : "Pause")
    if (!isPaused) draw()
  })
  choice.addEventListener("change", draw)
  const stops = [whenHappening(changed), stream.listen(() => (due ??= setTimeout(draw, 0)))]
  draw()
  return {
    content: el("div", { class: isWhole ? "activity whole" : "activity" }, el("div", { class: "controls" }, choice, pause), nothing, list),
    stop: () => {
      clearTimeout(due)
      stops.forEach((stop) => stop())
    },
  }
}

/** @param {Happening} happening */
const rowOf = (happening) => {
  const { className, says } = told(happening)
  return el(
    "li",
    { "data-id": happening.id, class: className },
    el("time", { datetime: happening.timestamp }, timeOfDay(happening.timestamp)),
    el("span", {}, ...says),
  )
}

/** @param {string} id @param {unknown} name */
const entity = (id, name) => el("a", { href: addressOf("entity", [id]) }, typeof name === "string" && name !== "" ? name : short(id))

/** @param {string} id @param {unknown} name */
const developer = (id, name) => el("a", { href: addressOf("developer", [id]) }, typeof name === "string" && name !== "" ? name : short(id))

/** @param {string} name */
const handle = (name) => el("a", { href: addressOf("handle", [name]) }, name)

/** @param {string} fqan */
const nameLink = (fqan) => el("a", { href: addressOf("name", fqan.split("/")) }, fqan)

/** An event in words. @param {Happening} happening @returns {{ className: string, says: ReadonlyArray<import("./dom.js").Child> }} */
const told = ({ data, type }) => {
  switch (type) {
    case "entity_registered":
      return {
        className: "own",
        says: [entity(data["entity_id"], data["name"]), " registered here", data["category"] ? ` · ${data["category"]}` : ""],
      }
    case "entity_deregistered":
      return { className: "gone", says: [entity(data["entity_id"], data["name"]), " was deregistered"] }
    case "entity_heartbeat":
      return { className: "quiet", says: [entity(data["entity_id"], ""), " gave a sign of life"] }
    case "entity_became_active":
      return { className: "own", says: [entity(data["entity_id"], ""), " is active"] }
    case "entity_became_inactive":
      return { className: "gone", says: [entity(data["entity_id"], ""), " is inactive"] }
    case "gossip_incoming":
      return {
        className: "in",
        says: [...deed(data), " · ", registryLink(data["home_registry"]), `, ${counted(Number(data["hop_count"]), "hop")}`],
      }
    case "gossip_outgoing":
      return { className: "out", says: ["told the mesh: ", ...deed(data)] }
    case "peer_connected":
      return { className: "own", says: [registryLink(data["registry_id"]), " connected, at ", el("code", {}, data["address"])] }
    case "peer_disconnected":
      return { className: "gone", says: [registryLink(data["registry_id"]), ` left: ${data["reason"]}`] }
    case "search_outgoing":
      return { className: "out", says: ["asked ", registryLink(data["peer_id"]), " for a search"] }
    case "search_result_incoming":
      return {
        className: "in",
        says: [
          registryLink(data["peer_id"]),
          ` answered with ${counted(data["result_count"], "result")} in ${latency(data["latency_ms"])}`,
        ],
      }
    case "handle_claimed":
    case "handle_verified":
      return {
        className: "own",
        says: ["handle ", handle(data["handle"]), type === "handle_claimed" ? " was claimed" : " was verified"],
      }
    case "name_registered":
    case "name_resolved":
      return { className: "own", says: ["name ", nameLink(data["fqan"]), type === "name_registered" ? " was registered" : " was resolved"] }
  }
  return { className: "", says: [type.replaceAll("_", " ")] }
}

/** What an announcement says that was done. @param {Happening["data"]} data @returns {ReadonlyArray<import("./dom.js").Child>} */
const deed = ({ action, entity_id: subject, home_registry: registry, name, type }) => {
  switch (type) {
    case "agent_announce":
    case "service_announce":
      return [entity(subject, name), ` was ${action === "update" ? "updated" : "registered"}`]
    case "tombstone":
      return [entity(subject, ""), " was deregistered"]
    case "agent_status":
      return [entity(subject, ""), ` is ${action}`]
    case "developer_announce":
      return [
        "developer ",
        developer(subject, name),
        action === "deregister" ? " was deleted" : action === "update" ? " changed" : " registered",
      ]
    case "dev_handle":
      return ["handle ", handle(String(subject).split("/").slice(1).join("/")), ` ${said[action] ?? action}`]
    case "name_binding":
      return ["name ", el("b", {}, name), ` ${said[action] ?? action}`]
    case "registry_proof":
      return [registryLink(registry), " published its identity"]
    case "peer_attestation":
      return [registryLink(registry), " attested what it saw of ", registryLink(`zns:registry:${String(subject).split("/").at(-1)}`)]
  }
  return [`${String(type).replaceAll("_", " ")}: ${action}`]
}

const said = /** @type {Readonly<Record<string, string>>} */ ({
  claim: "was claimed",
  verify: "was verified",
  release: "was given up",
  bind: "was bound",
})

/** @returns {import("./router.js").Page} */
export const activityPage = () => {
  const panel = activityPanel({ most: 300, isWhole: true })
  return { title: "Activity", content: [el("section", {}, el("h1", {}, "Activity"), panel.content)], stop: panel.stop }
}
