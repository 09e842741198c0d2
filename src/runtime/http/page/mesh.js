/**
 * The mesh around this node, drawn: this node in the middle, its peers around it, the nearer the shorter the way there and
 * back takes; on the border the registries that it knows through others. What it shows is in the table of peers, too, for
 * those who do not see it.
 *
 * A peer keeps its place among the others by its id, so that the picture stays the same while it moves.
 */
import { el, fill, svg } from "./dom.js"
import { whenHappening } from "./live.js"
import { addressOf } from "./router.js"
import { peers, registries } from "./watch.js"
import { counted, hueOf, latency, short } from "./words.js"

/** @typedef {import("./watch.js").Peer} Peer */
/** @typedef {{ x: number, y: number }} Spot */

/** Beyond so many names they would cover each other; on a narrow screen sooner. */
const namedMax = 26
const namedMaxNarrow = 10
const narrowPx = 480
/** Arrows and lines of their own for so many at most. */
const arrowsMax = 60
/** Rings of equal round trip, in milliseconds. */
const rings = [1, 10, 100]
const [nearestMs, farthestMs] = [0.3, 300]
/** Shares of the way from the middle to the border: the nearest and the farthest peers, and those of whom nothing was measured. */
const [inner, outer, unmeasured] = [0.36, 0.9, 0.62]
/** Of the way around nothing stands on this, at the top: there the rings have their names. */
const gap = 0.09
/** Registries on the border that are drawn. */
const beyondMax = 240
/** Ripples at a time. */
const ripplesMax = 24

export const meshPanel = () => {
  const picture = svg("svg", { role: "img", "aria-label": "The mesh around this node" })
  const content = el("div", { class: "picture" }, picture, legend())
  /** @type {Map<string, Spot>} */
  let spots = new Map()
  let drawn = ""

  const draw = () => {
    const list = peers.value ?? []
    const beyond = (registries.value ?? []).filter((registry) => !registry.is_peer)
    const width = Math.max(260, Math.floor(content.clientWidth))
    const wanted = JSON.stringify([
      width,
      beyond.map((each) => each.registry_id),
      list.map((peer) => ({ ...peer, verdicts: 0, last_seen: 0 })),
    ])
    if (wanted === drawn) return
    drawn = wanted
    const height = Math.round(Math.min(500, width < narrowPx ? width : Math.max(300, width * 0.66)))
    const [middle, reach] = [
      { x: width / 2, y: height / 2 },
      { x: width / 2 - 20, y: height / 2 - 18 },
    ]
    const isNamed = list.length <= (width < narrowPx ? namedMaxNarrow : namedMax)
    spots = placed(list, beyond, middle, reach)
    for (const [name, value] of Object.entries({
      viewBox: `0 0 ${width} ${height}`,
      width,
      height,
      "aria-label": sentence(list, beyond.length),
    }))
      picture.setAttribute(name, String(value))
    fill(
      picture,
      ...rings.map((ms) => ring(shareOf(ms), `${ms} ms`, "", middle, reach)),
      beyond.length > 0 && ring(1, "", "border", middle, reach),
      ...beyond.slice(0, beyondMax).map((registry) => farMark(registry, spots)),
      ...(list.length <= arrowsMax ? list.map((peer) => line(peer, middle, spots)) : [lines(list, middle, spots)]),
      ...list.map((peer) => mark(peer, middle, spots, list.length <= namedMax, isNamed)),
      center(middle),
    )
  }

  const ripple = (/** @type {import("./live.js").Happening} */ { data, type }) => {
    if (document.visibilityState !== "visible" || window.matchMedia("(prefers-reduced-motion: reduce)").matches) return
    const spot = spots.get(
      type === "gossip_incoming" ? data["home_registry"] : type === "search_result_incoming" ? data["peer_id"] : "self",
    )
    if (spot === undefined || picture.querySelectorAll(".ripple").length >= ripplesMax) return
    const wave = svg("circle", { class: "ripple", cx: spot.x, cy: spot.y, r: 6 })
    picture.append(wave)
    const gone = () => wave.remove()
    const frames = [
      { r: "6px", opacity: 0.8 },
      { r: "30px", opacity: 0 },
    ]
    wave.animate(frames, { duration: 1_000, easing: "ease-out" }).finished.then(gone, gone)
  }

  const fits = new ResizeObserver(draw)
  fits.observe(content)
  const stops = [peers.listen(draw), registries.listen(draw), whenHappening(ripple)]
  return {
    content,
    stop: () => {
      fits.disconnect()
      stops.forEach((stop) => stop())
    },
  }
}

/** What is drawn, in a sentence. @param {ReadonlyArray<Peer>} list @param {number} beyond */
const sentence = (list, beyond) =>
  [
    list.length === 0
      ? "This node, alone: it has no peers."
      : `This node in the middle of ${counted(list.length, "peer")}, which the table below lists.`,
    beyond > 0 && `Beyond them it knows of ${counted(beyond, "registry", "registries")}.`,
  ]
    .filter(Boolean)
    .join(" ")

/** How far from the middle: by the logarithm of the round trip. @param {number | undefined} ms */
const shareOf = (ms) => {
  if (ms === undefined) return unmeasured
  const share = Math.log(Math.min(farthestMs, Math.max(nearestMs, ms)) / nearestMs) / Math.log(farthestMs / nearestMs)
  return inner + (outer - inner) * share
}

/**
 * @param {ReadonlyArray<Peer>} list
 * @param {ReadonlyArray<{ readonly registry_id: string }>} beyond
 * @param {Spot} middle
 * @param {Spot} reach
 */
const placed = (list, beyond, middle, reach) => {
  const spots = new Map([["self", middle]])
  /** @param {number} turn @param {number} share */
  const at = (turn, share) => ({
    x: middle.x + Math.cos(2 * Math.PI * turn - Math.PI / 2) * reach.x * share,
    y: middle.y + Math.sin(2 * Math.PI * turn - Math.PI / 2) * reach.y * share,
  })
  // where they would touch each other, they stand in rows
  const rows = Math.min(8, Math.ceil(list.length / 40))
  list.forEach((peer, i) =>
    spots.set(
      peer.registry_id,
      at(gap / 2 + ((1 - gap) * (i + 0.5)) / list.length, Math.min(0.93, shareOf(peer.latency_ms) + 0.05 * ((i % rows) - (rows - 1) / 2))),
    ),
  )
  const shown = beyond
    .slice(0, beyondMax)
    .map((each) => each.registry_id)
    .sort()
  shown.forEach((id, i) => spots.set(id, at(i / shown.length, 1)))
  return spots
}

/** @param {number} share @param {string} name @param {string} kind @param {Spot} middle @param {Spot} reach */
const ring = (share, name, kind, middle, reach) =>
  svg(
    "g",
    { class: `ring ${kind}` },
    svg("ellipse", { cx: middle.x, cy: middle.y, rx: reach.x * share, ry: reach.y * share }),
    svg("text", { x: middle.x, y: middle.y - reach.y * share + 4, "text-anchor": "middle" }, name),
  )

/** @param {Peer} peer */
const standing = ({ reputation }) => (reputation >= 0.8 ? "good" : reputation >= 0.4 ? "fair" : "bad")

/** @param {Peer} peer @param {Spot} middle @param {ReadonlyMap<string, Spot>} spots */
const line = (peer, middle, spots) => {
  const spot = /** @type {Spot} */ (spots.get(peer.registry_id))
  const [from, to] = peer.direction === "out" ? [middle, spot] : [spot, middle]
  const turn = (Math.atan2(to.y - from.y, to.x - from.x) * 180) / Math.PI
  const share = peer.direction === "out" ? 0.66 : 0.34
  return svg(
    "g",
    { class: `link ${standing(peer)}` },
    svg("line", { x1: middle.x, y1: middle.y, x2: spot.x, y2: spot.y }),
    svg("path", {
      d: "M-4 -3.5 L3.5 0 L-4 3.5",
      transform: `translate(${from.x + (to.x - from.x) * share} ${from.y + (to.y - from.y) * share}) rotate(${turn})`,
    }),
  )
}

/** All in one stroke. @param {ReadonlyArray<Peer>} list @param {Spot} middle @param {ReadonlyMap<string, Spot>} spots */
const lines = (list, middle, spots) => {
  const ends = list.map(({ registry_id: id }) => /** @type {Spot} */ (spots.get(id)))
  return svg("path", { class: "links", d: ends.map(({ x, y }) => `M${middle.x} ${middle.y}L${x.toFixed(1)} ${y.toFixed(1)}`).join("") })
}

/** @param {string} id */
const goTo = (id) => () => {
  location.hash = addressOf("registry", [id])
}

/** @param {Peer} peer @param {Spot} middle @param {ReadonlyMap<string, Spot>} spots @param {boolean} isLarge @param {boolean} isNamed */
const mark = (peer, middle, spots, isLarge, isNamed) => {
  const { x, y } = /** @type {Spot} */ (spots.get(peer.registry_id))
  const size = isLarge ? 6.5 + Math.min(8, Math.sqrt(peer.agent_count)) : 4
  const isSquare = peer.role === "bootnode"
  const form = isSquare ? { x: x - size, y: y - size, width: 2 * size, height: 2 * size, rx: 3 } : { cx: x, cy: y, r: size }
  const shape = svg(isSquare ? "rect" : "circle", { class: `node ${peer.role} ${standing(peer)}`, ...form })
  shape.style.setProperty("--hue", String(hueOf(peer.registry_id)))
  const says = `${peer.registry_id}, ${peer.role} node, ${latency(peer.latency_ms)}, reputation ${peer.reputation.toFixed(2)}, ${counted(peer.agent_count, "entity", "entities")}`
  return svg(
    "g",
    { class: "peer", click: goTo(peer.registry_id) },
    svg("title", {}, says),
    shape,
    isNamed && label(peer.registry_id, { x, y }, middle, size + 5),
  )
}

/** Away from the middle, so that it covers no line. @param {string} id @param {Spot} spot @param {Spot} middle @param {number} away */
const label = (id, { x, y }, middle, away) => {
  const angle = Math.atan2(y - middle.y, x - middle.x)
  const [right, down] = [Math.cos(angle), Math.sin(angle)]
  return svg(
    "text",
    { x: x + right * away, y: y + down * away + 4 + 4 * down, "text-anchor": right > 0.35 ? "start" : right < -0.35 ? "end" : "middle" },
    short(id),
  )
}

/** @param {{ readonly registry_id: string, readonly stale: boolean }} registry @param {ReadonlyMap<string, Spot>} spots */
const farMark = ({ registry_id: id, stale }, spots) => {
  const { x, y } = /** @type {Spot} */ (spots.get(id))
  const shape = svg("circle", { class: stale ? "far stale" : "far", cx: x, cy: y, r: 4 })
  shape.style.setProperty("--hue", String(hueOf(id)))
  return svg(
    "g",
    { class: "peer", click: goTo(id) },
    svg("title", {}, `${id}, known through others${stale ? ", silent for a day" : ""}`),
    shape,
  )
}

/** @param {Spot} middle */
const center = ({ x, y }) =>
  svg("g", { class: "self" }, svg("circle", { cx: x, cy: y, r: 17 }), svg("text", { x, y: y + 4, "text-anchor": "middle" }, "me"))

const legend = () =>
  el(
    "p",
    { class: "legend", "aria-hidden": "true" },
    "Nearer: a shorter round trip. Larger: home to more entities. Arrow: who called whom. Square: bootnode; hollow: light node or gateway. On the border: known through others.",
  )
