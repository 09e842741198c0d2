/**
 * The mesh around this node, drawn: this node in the middle, its peers around it, the nearer the shorter the way there and
 * back takes. What it shows is in the table of peers, too, for those who do not see it.
 *
 * A peer keeps its place among the others by its id, so that the picture stays the same while it moves.
 */
import { fill, el, svg } from "./dom.js"
import { whenHappening } from "./live.js"
import { addressOf } from "./router.js"
import { info, peers, status } from "./watch.js"
import { counted, hueOf, latency, short } from "./words.js"

/** @typedef {import("./watch.js").Peer} Peer */

/** Beyond so many, names would cover each other. */
const namedMax = 28
/** Rings of equal round trip, in milliseconds; the last is where those beyond are. */
const rings = [1, 10, 100]
const [nearestMs, farthestMs] = [0.3, 400]
/** Ripples at a time, and an event's is no more often than this. */
const ripplesMax = 24

export const meshPanel = () => {
  const picture = svg("svg", { role: "img", "aria-label": "The mesh around this node" })
  const content = el("div", { class: "picture" }, picture, legend())
  /** @type {Map<string, { x: number, y: number }>} */
  let spots = new Map()

  const draw = () => {
    const list = peers.value ?? []
    const width = Math.max(280, content.clientWidth)
    const height = Math.round(Math.min(480, Math.max(300, width * 0.72)))
    picture.setAttribute("viewBox", `0 0 ${width} ${height}`)
    picture.setAttribute("width", String(width))
    picture.setAttribute("height", String(height))
    picture.setAttribute("aria-label", sentence(list))
    const middle = { x: width / 2, y: height / 2 }
    const reach = { x: width / 2 - 46, y: height / 2 - 34 }
    spots = placed(list, middle, reach)
    const isNamed = list.length <= namedMax
    fill(
      picture,
      ...rings.map((ms) => ring(ms, middle, reach)),
      ...list.map((peer) => line(peer, middle, spots)),
      ...list.map((peer) => mark(peer, spots, isNamed)),
      center(middle),
    )
  }

  const ripple = (/** @type {import("./live.js").Happening} */ { data, type }) => {
    if (document.visibilityState !== "visible" || window.matchMedia("(prefers-reduced-motion: reduce)").matches) return
    const from =
      type === "gossip_incoming" ? data["home_registry"] : type === "search_result_incoming" ? data["peer_id"] : info.value?.registry_id
    const spot = spots.get(from) ?? (type === "gossip_outgoing" ? spots.get("self") : undefined)
    if (spot === undefined || picture.querySelectorAll(".ripple").length >= ripplesMax) return
    const wave = svg("circle", { class: "ripple", cx: spot.x, cy: spot.y, r: 6 })
    picture.append(wave)
    wave
      .animate(
        [
          { r: "6px", opacity: 0.7 },
          { r: "26px", opacity: 0 },
        ],
        { duration: 900, easing: "ease-out" },
      )
      .finished.then(
        () => wave.remove(),
        () => wave.remove(),
      )
  }

  const fits = new ResizeObserver(draw)
  fits.observe(content)
  const stops = [peers.listen(draw), status.listen(draw), whenHappening(ripple)]
  return {
    content,
    stop: () => {
      fits.disconnect()
      stops.forEach((stop) => stop())
    },
  }
}

/** What is drawn, in a sentence. @param {ReadonlyArray<Peer>} list */
const sentence = (list) =>
  list.length === 0
    ? "This node, alone: it has no peers."
    : `This node in the middle of ${counted(list.length, "peer")}; the table below lists them.`

/** Share of the way from the middle to the border: by the logarithm of the round trip; unknown is in between. @param {number | undefined} ms */
const distance = (ms) => {
  if (ms === undefined) return 0.72
  const share = Math.log(Math.min(farthestMs, Math.max(nearestMs, ms)) / nearestMs) / Math.log(farthestMs / nearestMs)
  return 0.34 + 0.66 * share
}

/** @typedef {{ x: number, y: number }} Spot */

/** @param {ReadonlyArray<Peer>} list @param {Spot} middle @param {Spot} reach */
const placed = (list, middle, reach) => {
  const spots = new Map([["self", middle]])
  list.forEach((peer, i) => {
    const angle = (2 * Math.PI * (i + 0.5)) / list.length - Math.PI / 2
    const away = distance(peer.latency_ms)
    spots.set(peer.registry_id, { x: middle.x + Math.cos(angle) * reach.x * away, y: middle.y + Math.sin(angle) * reach.y * away })
  })
  return spots
}

/** @param {number} ms @param {Spot} middle @param {Spot} reach */
const ring = (ms, middle, reach) => {
  const [rx, ry] = [reach.x * distance(ms), reach.y * distance(ms)]
  return svg(
    "g",
    { class: "ring" },
    svg("ellipse", { cx: middle.x, cy: middle.y, rx, ry }),
    svg("text", { x: middle.x, y: middle.y - ry - 4, "text-anchor": "middle" }, `${ms} ms`),
  )
}

/** @param {Peer} peer @param {Spot} middle @param {ReadonlyMap<string, Spot>} spots */
const line = (peer, middle, spots) => {
  const { x, y } = /** @type {Spot} */ (spots.get(peer.registry_id))
  const [near, far] = peer.direction === "out" ? [middle, { x, y }] : [{ x, y }, middle]
  const tip = { x: near.x + (far.x - near.x) * 0.55, y: near.y + (far.y - near.y) * 0.55 }
  const turn = (Math.atan2(far.y - near.y, far.x - near.x) * 180) / Math.PI
  return svg(
    "g",
    { class: `link ${standing(peer)}` },
    svg("line", { x1: middle.x, y1: middle.y, x2: x, y2: y }),
    svg("path", { d: "M-5 -4 L4 0 L-5 4", transform: `translate(${tip.x} ${tip.y}) rotate(${turn})` }),
  )
}

/** @param {Peer} peer */
const standing = ({ reputation }) => (reputation >= 0.8 ? "good" : reputation >= 0.4 ? "fair" : "bad")

/** @param {Peer} peer @param {ReadonlyMap<string, Spot>} spots @param {boolean} isNamed */
const mark = (peer, spots, isNamed) => {
  const { x, y } = /** @type {Spot} */ (spots.get(peer.registry_id))
  const size = isNamed ? 6 + Math.min(9, Math.sqrt(peer.agent_count)) : 4
  const shape = svg(peer.role === "bootnode" ? "rect" : "circle", {
    class: `node ${peer.role} ${standing(peer)}`,
    ...(peer.role === "bootnode" ? { x: x - size, y: y - size, width: 2 * size, height: 2 * size, rx: 3 } : { cx: x, cy: y, r: size }),
  })
  shape.style.setProperty("--hue", String(hueOf(peer.registry_id)))
  return svg(
    "g",
    {
      class: "peer",
      click: () => {
        location.hash = addressOf("registry", [peer.registry_id])
      },
    },
    svg(
      "title",
      {},
      `${peer.registry_id}, ${latency(peer.latency_ms)}, reputation ${peer.reputation.toFixed(2)}, ${counted(peer.agent_count, "entity", "entities")}`,
    ),
    shape,
    isNamed && svg("text", { x, y: y + size + 13, "text-anchor": "middle" }, short(peer.registry_id)),
  )
}

/** @param {Spot} middle */
const center = ({ x, y }) =>
  svg("g", { class: "self" }, svg("circle", { cx: x, cy: y, r: 17 }), svg("text", { x, y: y + 4, "text-anchor": "middle" }, "me"))

const legend = () =>
  el(
    "p",
    { class: "legend", "aria-hidden": "true" },
    "Nearer: a shorter round trip. Larger: home to more entities. Arrow: who called whom. Square: bootnode; hollow: light node or gateway.",
  )
