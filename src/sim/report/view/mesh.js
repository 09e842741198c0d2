/** The mesh at the moment: who stands how, who is linked to whom, what is on its way. */
import {
  agreement,
  colorOfKind,
  colorOfStanding,
  fitted,
  lastAtMost,
  messages,
  nameOf,
  run,
  sampleAt,
  seconds,
  shareHeld,
  standingOf,
  unseen,
} from "./run.js"
import { color } from "./theme.js"
import { choose, moment, speedNow, whenChanged } from "./moment.js"

/** A ring while names can be read, a disc of equal room for each beyond that. */
const ringMax = 120
const golden = Math.PI * (3 - Math.sqrt(5))
const places = run.nodes.map((_, i) => {
  const count = run.nodes.length
  if (count <= ringMax) return [Math.sin((2 * Math.PI * i) / count), -Math.cos((2 * Math.PI * i) / count)]
  const radius = Math.sqrt((i + 0.5) / count)
  return [radius * Math.sin(i * golden), -radius * Math.cos(i * golden)]
})

/** What is under way for less than this on the screen could not be seen. */
const seenForMs = 420
/** Messages drawn in one picture. */
const drawnMax = 2_500

let spots = []

const draw = () => {
  const canvas = document.getElementById("mesh")
  const { paint, width, height } = fitted(canvas)
  const isRing = run.nodes.length <= ringMax
  const radius = Math.max(60, Math.min(width, height) / 2 - (isRing ? 34 : 16))
  const middle = [width / 2, height / 2]
  spots = places.map(([x, y]) => [middle[0] + x * radius, middle[1] + y * radius])
  const size = Math.max(2, Math.min(11, ((isRing ? 2.1 : 1.15) * radius) / (isRing ? run.nodes.length : Math.sqrt(run.nodes.length) * 2)))
  const sample = sampleAt(moment.ms)
  drawLinks(paint)
  drawMessages(paint)
  drawNodes(paint, sample, size, isRing, middle)
  const { same, running } = agreement[sample] ?? { same: 0, running: 0 }
  document.getElementById("clock").innerHTML = `${seconds(moment.ms)}<small>${(100 * same).toFixed(0)} % of ${running} nodes agree</small>`
}

const drawLinks = (paint) => {
  const open = run.links.filter(([, , fromMs, untilMs]) => fromMs <= moment.ms && moment.ms < untilMs)
  paint.lineWidth = 1
  paint.strokeStyle = color("link")
  paint.globalAlpha = Math.min(1, 900 / Math.max(1, open.length) + 0.25)
  paint.beginPath()
  for (const [a, b] of open) line(paint, spots[a], spots[b])
  paint.stroke()
  paint.globalAlpha = 1
  if (moment.node < 0) return
  paint.strokeStyle = color("accent")
  paint.beginPath()
  for (const [a, b] of open) if (a === moment.node || b === moment.node) line(paint, spots[a], spots[b])
  paint.stroke()
}

const line = (paint, from, to) => {
  paint.moveTo(from[0], from[1])
  paint.lineTo(to[0], to[1])
}

const drawMessages = (paint) => {
  const leastMs = seenForMs * speedNow()
  // by arrival: those that arrive from now on, and were sent before, stretched to be seen
  const first = lastAtMost(messages.atMs, moment.ms) + 1
  const dots = new Map()
  let drawn = 0
  for (let i = Math.max(0, first); i < messages.count && drawn < drawnMax; i++) {
    const tookMs = Math.max(leastMs, messages.atMs[i] - messages.sentMs[i])
    const leftMs = messages.atMs[i] - moment.ms
    if (leftMs > Math.max(leastMs, 2_000)) break
    if (leftMs > tookMs) continue
    drawn++
    const kind = messages.kind[i]
    const list = dots.get(kind) ?? []
    dots.set(kind, list)
    const share = 1 - leftMs / tookMs
    const [from, to] = [spots[messages.from[i]], spots[messages.to[i]]]
    const reach = kind === 255 ? Math.min(share, 0.5) : share
    list.push([from[0] + (to[0] - from[0]) * reach, from[1] + (to[1] - from[1]) * reach, share])
  }
  const size = run.nodes.length > 300 ? 1.5 : 2.6
  for (const [kind, list] of dots) {
    if (kind === 255) {
      paint.strokeStyle = color("bad")
      paint.lineWidth = 1.6
      for (const [x, y, share] of list) {
        paint.globalAlpha = share < 0.5 ? 1 : 2 - 2 * share
        paint.beginPath()
        line(paint, [x - 3, y - 3], [x + 3, y + 3])
        line(paint, [x - 3, y + 3], [x + 3, y - 3])
        paint.stroke()
      }
      paint.globalAlpha = 1
      continue
    }
    paint.fillStyle = colorOfKind(run.kinds[kind])
    paint.beginPath()
    for (const [x, y] of list) {
      paint.moveTo(x + size, y)
      paint.arc(x, y, size, 0, 2 * Math.PI)
    }
    paint.fill()
  }
}

const drawNodes = (paint, sample, size, isRing, middle) => {
  const touched = new Set(
    run.faults.filter(({ fromMs, untilMs }) => fromMs <= moment.ms && moment.ms < untilMs).flatMap(({ machines }) => machines),
  )
  run.nodes.forEach(({ name, lies, isGuest }, node) => {
    const [x, y] = spots[node]
    const standing = standingOf(sample, node)
    paint.beginPath()
    if (isGuest) paint.rect(x - size, y - size, 2 * size, 2 * size)
    else paint.arc(x, y, size, 0, 2 * Math.PI)
    if (standing === 0) {
      paint.fillStyle = color("surface")
      paint.fill()
      paint.strokeStyle = color("down")
      paint.lineWidth = 1.5
      paint.stroke()
    } else {
      paint.fillStyle = colorOfStanding(standing)
      paint.fill()
    }
    if (touched.has(node) || lies) ring(paint, x, y, size + 3, color(lies ? "bad" : "fault"), lies ? [2, 2] : [])
    if (moment.node === node) ring(paint, x, y, size + 6, color("accent"), [])
    if (isRing && run.nodes.length <= 64) {
      const away = size + 13
      const length = Math.hypot(x - middle[0], y - middle[1]) || 1
      paint.fillStyle = color("soft")
      paint.font = "11px system-ui, sans-serif"
      paint.textAlign = "center"
      paint.textBaseline = "middle"
      paint.fillText(name, x + ((x - middle[0]) / length) * away, y + ((y - middle[1]) / length) * away)
    }
  })
}

const ring = (paint, x, y, radius, stroke, dash) => {
  paint.beginPath()
  paint.setLineDash(dash)
  paint.arc(x, y, radius, 0, 2 * Math.PI)
  paint.strokeStyle = stroke
  paint.lineWidth = 1.6
  paint.stroke()
  paint.setLineDash([])
}

const legend = () => {
  const entry = (swatch, text, shape = "") => `<li><i class="${shape}" style="background:${swatch}"></i>${text}</li>`
  const rare = run.outages.some(({ kind }) => kind === "paused")
  document.getElementById("legend").innerHTML = [
    entry(color("same"), "holds what most hold"),
    entry(color("near"), "behind"),
    ...(run.nodes.some(({ isGuest }) => isGuest) ? [entry(color("soft"), "another make: not looked into", "square")] : []),
    ...(run.outages.length > 0 ? [entry(color("down"), "down")] : []),
    ...(rare ? [entry(color("paused"), "paused")] : []),
    ...run.kinds.slice(0, 7).map((kind) => entry(colorOfKind(kind), kind, "bar")),
    ...(run.losses.some((count) => count > 0) ? [entry(color("bad"), "lost", "bar")] : []),
  ].join("")
}

/** What is known of the chosen node at the moment. */
const describe = () => {
  const box = document.getElementById("node")
  const { node } = moment
  if (node < 0) {
    const active = run.faults.filter(({ fromMs, untilMs }) => fromMs <= moment.ms && moment.ms < untilMs)
    box.innerHTML = `<h2>${active.length === 0 ? "No fault now" : "Going on now"}</h2><ul>${active
      .map(
        ({ kind, fromMs, untilMs, detail, machines }) =>
          `<li><b>${kind}</b> <span class="soft">${seconds(fromMs)} – ${seconds(untilMs)}${machines.length > 0 ? ` · ${listed(machines)}` : ""}${detail === "" ? "" : ` · ${detail}`}</span></li>`,
      )
      .join("")}</ul><p class="soft">Choose a node in the mesh or among the rows.</p>`
    return
  }
  const standing = standingOf(sampleAt(moment.ms), node)
  const peers = run.links
    .filter(([a, b, fromMs, untilMs]) => (a === node || b === node) && fromMs <= moment.ms && moment.ms < untilMs)
    .map(([a, b]) => (a === node ? b : a))
  const words = run.words.filter((word) => word.node === node && word.atMs <= moment.ms).slice(-6)
  const outages = run.outages.filter((outage) => outage.node === node)
  const { lies } = run.nodes[node]
  box.innerHTML = `<h2>${nameOf(node)}${lies ? " <small>lies</small>" : ""}</h2>
    <p><i class="swatch" style="background:${colorOfStanding(standing)}"></i>${standing === unseen ? "of another make: not looked into" : standing === 0 ? "down" : standing === 1 ? "paused" : standing === 255 ? "holds what most hold" : `holds ${Math.round(100 * shareHeld(standing))} % as much as the fullest`}</p>
    <p class="soft">linked to ${listed([...new Set(peers)]) || "nobody"}</p>
    ${
      outages.length === 0
        ? ""
        : `<ul>${outages
            .slice(0, 8)
            .map(({ kind, fromMs, untilMs }) => `<li>${kind} <span class="soft">${seconds(fromMs)} – ${seconds(untilMs)}</span></li>`)
            .join("")}</ul>`
    }
    ${words.length === 0 ? "" : `<ul>${words.map(({ kind, about, atMs }) => `<li>${kind} <code>${about.slice(-8)}</code> <span class="soft">${seconds(atMs)}</span></li>`).join("")}</ul>`}`
}

/** Names, as many as fit beside the mesh. */
const listed = (nodes) => {
  const names = nodes.slice(0, listedMax).map(nameOf).join(" ")
  return nodes.length > listedMax ? `${names} and ${nodes.length - listedMax} more` : names
}
const listedMax = 24

export const mesh = () => {
  const canvas = document.getElementById("mesh")
  canvas.addEventListener("click", ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect()
    const [x, y] = [clientX - box.left, clientY - box.top]
    const nearest = spots.reduce(
      (best, spot, i) => (Math.hypot(spot[0] - x, spot[1] - y) < Math.hypot(spots[best][0] - x, spots[best][1] - y) ? i : best),
      0,
    )
    choose(Math.hypot(spots[nearest][0] - x, spots[nearest][1] - y) < 24 ? nearest : -1)
  })
  whenChanged((what) => {
    draw()
    describe()
    if (what === "theme") legend()
  })
  legend()
}
