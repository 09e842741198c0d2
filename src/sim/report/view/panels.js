/** What is drawn over time: faults as bands, agreement, messages by kind, the nodes' lanes; all on one axis. */
import { agreement, colorOfKind, colorOfStanding, fitted, lastAtMost, run, duration, seconds, standingOf, whole } from "./run.js"
import { color } from "./theme.js"
import { choose, goTo, moment, whenChanged } from "./moment.js"

const isNarrow = () => window.innerWidth <= 860
export const gutter = () => (isNarrow() ? { left: 40, right: 16 } : { left: 52, right: 24 })

const plots = []

const axes = (format) => [
  {
    stroke: () => color("soft"),
    grid: { stroke: () => color("faint"), width: 1 },
    ticks: { stroke: () => color("line"), width: 1 },
    values: (_, values) => values.map((ms) => `${ms / 1_000} s`),
    size: 26,
    font: "11px system-ui",
    incrs: [100, 250, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 3e4, 6e4, 12e4, 3e5, 6e5, 36e5, 108e5, 432e5, 864e5, 864e6],
  },
  {
    stroke: () => color("soft"),
    grid: { stroke: () => color("faint"), width: 1 },
    ticks: { show: false },
    values: (_, values) => values.map(format),
    size: gutter().left,
    font: "11px system-ui",
    gap: 4,
  },
]

const overTime = (id, height, data, series, format, range) => {
  const place = document.getElementById(id)
  const make = () =>
    new uPlot(
      {
        width: place.clientWidth,
        height,
        padding: [8, gutter().right, 0, 0],
        scales: { x: { time: false, range: () => [0, run.untilMs] }, y: { range } },
        axes: axes(format),
        series,
        legend: { live: true },
        cursor: { drag: { x: false, y: false }, points: { show: false } },
      },
      data,
      place,
    )
  let plot = make()
  place.addEventListener("click", ({ clientX }) => {
    const box = plot.over.getBoundingClientRect()
    if (clientX >= box.left && clientX <= box.right) goTo(((clientX - box.left) / box.width) * run.untilMs)
  })
  plots.push({
    redraw: () => plot.redraw(),
    resize: () => {
      plot.destroy()
      plot = make()
    },
  })
}

const drawAgreement = () =>
  overTime(
    "agreement",
    130,
    [run.samplesMs, agreement.map(({ same }) => 100 * same), agreement.map(({ held }) => 100 * held)],
    [
      { label: "time", value: (_, ms) => (ms === null ? "–" : seconds(ms)) },
      {
        label: "nodes that agree",
        stroke: () => color("same"),
        fill: () => `${color("same")}22`,
        width: 2,
        points: { show: false },
        value: (_, share) => (share === null ? "–" : `${share.toFixed(0)} %`),
      },
      {
        label: "held, on average",
        stroke: () => color("far"),
        width: 1.5,
        dash: [4, 3],
        points: { show: false },
        value: (_, share) => (share === null ? "–" : `${share.toFixed(0)} %`),
      },
    ],
    (share) => `${share} %`,
    () => [0, 103],
  )

const shownKinds = 7

const drawKinds = () => {
  const parts = run.perKind[0]?.length ?? 1
  const partMs = run.untilMs / parts
  const perSecond = (counts) => counts.map((count) => (1_000 * count) / partMs)
  const rest = run.perKind.slice(shownKinds).reduce((total, counts) => total.map((sum, i) => sum + counts[i]), Array(parts).fill(0))
  const kinds = [
    ...run.kinds.slice(0, shownKinds).map((name, i) => ({ name, counts: perSecond(run.perKind[i]) })),
    ...(run.kinds.length > shownKinds ? [{ name: "others", counts: perSecond(rest) }] : []),
  ]
  if (run.losses.some((count) => count > 0)) kinds.push({ name: "lost", counts: perSecond(run.losses) })
  // the largest sum first, so that each lies over the one before it
  let below = Array(parts).fill(0)
  const stacked = kinds.map(({ name, counts }) => {
    below = below.map((sum, i) => sum + counts[i])
    return { name, counts, top: below }
  })
  stacked.reverse()
  overTime(
    "kinds",
    170,
    [Array.from({ length: parts }, (_, i) => i * partMs), ...stacked.map(({ top }) => top)],
    [
      { label: "time", value: (_, ms) => (ms === null ? "–" : seconds(ms)) },
      ...stacked.map(({ name, counts }) => {
        const own = () => (name === "lost" ? color("bad") : colorOfKind(name))
        return {
          label: name,
          stroke: own,
          fill: own,
          width: 0,
          points: { show: false },
          paths: uPlot.paths.stepped({ align: 1 }),
          value: (_, __, ___, i) => (i === null || i === undefined ? "–" : `${whole(counts[i])}/s`),
        }
      }),
    ],
    (rate) => (rate >= 1_000 ? `${rate / 1_000}k` : String(rate)),
    (_, __, most) => [0, Math.max(1, most * 1.05)],
  )
  document.getElementById("kinds-unit").textContent = "delivered a second"
}

/** Bands in rows, none over another. */
const bandRows = () => {
  const rows = []
  for (const fault of [...run.faults].sort((a, b) => a.fromMs - b.fromMs)) {
    const row = rows.find((list) => list.at(-1).untilMs <= fault.fromMs) ?? (rows.push([]), rows.at(-1))
    row.push(fault)
  }
  return rows
}
const rows = bandRows()
const bandHeight = 17

const drawBands = () => {
  const canvas = document.getElementById("bands")
  canvas.style.height = `${rows.length * bandHeight}px`
  if (rows.length === 0) return
  const { paint, width } = fitted(canvas)
  const { left, right } = gutter()
  const x = (ms) => left + (ms / run.untilMs) * (width - left - right)
  paint.font = "11px system-ui"
  paint.textBaseline = "middle"
  rows.forEach((row, i) => {
    for (const { kind, fromMs, untilMs } of row) {
      const [from, to, top] = [x(fromMs), x(untilMs), i * bandHeight]
      paint.fillStyle = color("fault")
      paint.globalAlpha = fromMs <= moment.ms && moment.ms < untilMs ? 0.5 : 0.22
      paint.beginPath()
      paint.roundRect(from, top + 1, Math.max(2, to - from), bandHeight - 3, 3)
      paint.fill()
      paint.globalAlpha = 1
      paint.fillStyle = color("ink")
      if (paint.measureText(kind).width < to - from - 8) paint.fillText(kind, from + 5, top + bandHeight / 2)
    }
  })
}

const laneHeight = Math.max(1, Math.min(13, Math.floor(460 / run.nodes.length)))
const lanesHeight = Math.min(520, Math.max(60, run.nodes.length * laneHeight))
let picture

/** A point for each sample and node, once; then stretched. */
const pictureOf = () => {
  const canvas = document.createElement("canvas")
  canvas.width = 2_048
  canvas.height = run.nodes.length
  const paint = canvas.getContext("2d")
  run.samplesMs.forEach((fromMs, sample) => {
    const from = Math.floor((fromMs / run.untilMs) * canvas.width)
    const to = Math.ceil(((run.samplesMs[sample + 1] ?? run.untilMs) / run.untilMs) * canvas.width)
    for (let node = 0; node < run.nodes.length; node++) {
      paint.fillStyle = colorOfStanding(standingOf(sample, node))
      paint.fillRect(from, node, Math.max(1, to - from), 1)
    }
  })
  return canvas
}

const drawLanes = () => {
  const canvas = document.getElementById("lanes")
  canvas.style.height = `${lanesHeight}px`
  const { paint, width, height } = fitted(canvas)
  const { left, right } = gutter()
  picture ??= pictureOf()
  paint.imageSmoothingEnabled = run.nodes.length > height
  paint.globalAlpha = 0.9
  paint.drawImage(picture, left, 0, width - left - right, height)
  paint.globalAlpha = 1
  const each = height / run.nodes.length
  if (each >= 6) {
    paint.fillStyle = color("surface")
    for (let node = 1; node < run.nodes.length; node++) paint.fillRect(left, node * each - 0.5, width - left - right, 1)
  }
  paint.fillStyle = color("soft")
  paint.font = "10.5px system-ui"
  paint.textAlign = "right"
  paint.textBaseline = "middle"
  const every = Math.max(1, Math.ceil(13 / each))
  for (let node = 0; node < run.nodes.length; node += every) paint.fillText(run.nodes[node].name, left - 6, (node + 0.5) * each)
  if (moment.node < 0) return
  paint.strokeStyle = color("accent")
  paint.lineWidth = 1.5
  paint.strokeRect(left, moment.node * each - 0.5, width - left - right, Math.max(3, each))
}

const lanesListen = () => {
  const canvas = document.getElementById("lanes")
  canvas.addEventListener("click", ({ clientX, clientY }) => {
    const box = canvas.getBoundingClientRect()
    const { left, right } = gutter()
    choose(Math.min(run.nodes.length - 1, Math.max(0, Math.floor(((clientY - box.top) / box.height) * run.nodes.length))))
    const share = (clientX - box.left - left) / (box.width - left - right)
    if (share >= 0 && share <= 1) goTo(share * run.untilMs)
  })
  canvas.addEventListener("keydown", (event) => {
    if (event.key !== "ArrowUp" && event.key !== "ArrowDown") return
    choose((moment.node + (event.key === "ArrowDown" ? 1 : -1) + run.nodes.length) % run.nodes.length)
    event.preventDefault()
  })
}

const movePlayhead = () => {
  const { left, right } = gutter()
  const width = document.querySelector(".aligned").clientWidth
  document.getElementById("playhead").style.left = `${left + (moment.ms / run.untilMs) * (width - left - right)}px`
}

export const panels = () => {
  drawAgreement()
  drawKinds()
  lanesListen()
  let wasActive = ""
  whenChanged((what) => {
    movePlayhead()
    const active = run.faults.map(({ fromMs, untilMs }) => (fromMs <= moment.ms && moment.ms < untilMs ? 1 : 0)).join("")
    if (what !== "ms" || active !== wasActive) drawBands()
    wasActive = active
    if (what === "theme") {
      picture = undefined
      plots.forEach(({ redraw }) => redraw())
    }
    if (what === "size") plots.forEach(({ resize }) => resize())
    if (what !== "ms") drawLanes()
  })
}

const bars = (id, labels, counts, fill, format) => {
  const place = document.getElementById(id)
  const make = () =>
    new uPlot(
      {
        width: place.clientWidth,
        height: 170,
        padding: [8, 8, 0, 0],
        scales: {
          x: { time: false, range: (_, least, most) => [least - 0.6, most + 0.6] },
          y: { range: (_, __, most) => [0, Math.max(1, most * 1.05)] },
        },
        axes: [
          {
            stroke: () => color("soft"),
            grid: { show: false },
            ticks: { show: false },
            values: (_, values) => values.map((i) => (Number.isInteger(i) ? (labels[i] ?? "") : "")),
            font: "11px system-ui",
            size: 26,
          },
          {
            stroke: () => color("soft"),
            grid: { stroke: () => color("faint"), width: 1 },
            ticks: { show: false },
            values: (_, values) => values.map((value) => (value >= 1_000 ? `${value / 1_000}k` : String(value))),
            font: "11px system-ui",
            size: 44,
          },
        ],
        series: [
          { label: format.what, value: (_, i) => (i === null ? "–" : format.of(i)) },
          {
            label: "deliveries",
            stroke: fill,
            fill,
            width: 0,
            points: { show: false },
            paths: uPlot.paths.bars({ size: [0.9] }),
            value: (_, value) => (value === null ? "–" : whole(value)),
          },
        ],
        cursor: { drag: { x: false, y: false }, points: { show: false } },
      },
      [counts.map((_, i) => i), counts],
      place,
    )
  let plot = make()
  plots.push({
    redraw: () => plot.redraw(),
    resize: () => {
      plot.destroy()
      plot = make()
    },
  })
}

export const distributions = () => {
  const { binMs, counts, p50, p99, max } = run.latencies
  const last = counts.length - 1
  const shown = counts.slice(
    0,
    Math.max(
      12,
      lastAtMost(
        counts.map((_, i) => i),
        counts.findLastIndex((count) => count > 0),
      ) + 1,
    ),
  )
  const labels = shown.map((_, i) => (i === last ? `≥ ${duration(i * binMs)}` : duration(i * binMs)))
  bars("latency", labels, shown, () => color("same"), { what: "took", of: (i) => labels[i] })
  document.getElementById("latency-facts").textContent =
    `half within ${duration(p50)}, 99 % within ${duration(p99)}, the last ${duration(max)}`
  const hops = run.hops.length === 0 ? [0] : run.hops
  bars(
    "hops",
    hops.map((_, i) => String(i)),
    hops,
    () => color("accent"),
    { what: "forwards", of: (i) => String(i) },
  )
  document.getElementById("hops-facts").textContent = `at most ${Math.max(0, run.hops.length - 1)}`
}
