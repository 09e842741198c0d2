/** A sweep's points, one figure against another, and the table of them. */
import { color, theme } from "./theme.js"

const sweep = JSON.parse(document.getElementById("data").textContent)
const element = (id) => document.getElementById(id)
const parameters = Object.keys(sweep.grid.grid)
const figures = [...new Set(sweep.points.flatMap(({ mean }) => Object.keys(mean)))].sort((a, b) => a.localeCompare(b))
const number = (value) =>
  value === undefined || value === null ? "–" : Number(value.toPrecision(4)).toLocaleString("en-US", { maximumFractionDigits: 4 })
const nameOf = (point) => parameters.map((name) => `${name} ${point.point[name]}`).join(" · ")

/** Smaller is better, unless the sweep was told otherwise. */
const isMore = (figure) => sweep.objectives.find((one) => one.figure === figure)?.isMore ?? false
const isAble = (point, x, y) => point.failedRuns === 0 && point.mean[x] !== undefined && point.mean[y] !== undefined
const beats = (a, b, axes) => axes.every((axis) => cost(a, axis) <= cost(b, axis)) && axes.some((axis) => cost(a, axis) < cost(b, axis))
const cost = (point, axis) => (isMore(axis) ? -1 : 1) * point.mean[axis]

let plot
const draw = () => {
  const [x, y] = [element("x").value, element("y").value]
  const able = sweep.points.filter((point) => isAble(point, x, y)).sort((a, b) => a.mean[x] - b.mean[x])
  const best = new Set(able.filter((point) => !able.some((other) => beats(other, point, [x, y]))))
  const failed = sweep.points.filter((point) => point.failedRuns > 0).length
  element("said").textContent =
    `${best.size} of ${sweep.points.length} combinations are worth it${failed > 0 ? `; ${failed} broke an invariant and are not shown` : ""}`
  plot?.destroy()
  const place = element("plot")
  const axis = (label) => ({
    stroke: () => color("soft"),
    grid: { stroke: () => color("faint") },
    ticks: { show: false },
    label,
    labelSize: 22,
    size: 48,
    font: "11px system-ui",
    labelFont: "12px system-ui",
  })
  const spread = (_, least, most) => [least - 0.06 * (most - least || 1), most + 0.06 * (most - least || 1)]
  plot = new uPlot(
    {
      width: place.clientWidth,
      height: 420,
      scales: { x: { time: false, range: spread }, y: { range: spread } },
      axes: [axis(x), axis(y)],
      series: [
        { label: x, value: (_, value) => number(value) },
        {
          label: y,
          stroke: () => color("soft"),
          paths: () => null,
          points: { show: true, size: 8, fill: () => color("surface") },
          value: (_, value) => number(value),
        },
        {
          label: "worth it",
          stroke: () => color("same"),
          width: 2,
          spanGaps: true,
          points: { show: true, size: 11, fill: () => color("same") },
          value: (_, value) => number(value),
        },
      ],
      cursor: { drag: { x: false, y: false } },
      hooks: { setCursor: [(self) => point(able[self.cursor.idx])] },
    },
    [able.map(({ mean }) => mean[x]), able.map(({ mean }) => mean[y]), able.map((one) => (best.has(one) ? one.mean[y] : null))],
    place,
  )
  table(x, y, best)
}

/** The row of the point under the cursor. */
const point = (one) => {
  for (const row of element("points").tBodies[0]?.rows ?? [])
    row.style.background = one !== undefined && row.dataset.name === nameOf(one) ? "var(--faint)" : ""
}

const table = (x, y, best) => {
  const shown = [...new Set([x, y, ...sweep.objectives.map(({ figure }) => figure), "gossip.coverage", "gossip.redundancy"])].filter(
    (name) => figures.includes(name),
  )
  const head = [...parameters, ...shown, "runs", "failed"]
  const cells = (point) => [
    ...parameters.map((name) => point.point[name]),
    ...shown.map((name) => number(point.mean[name])),
    point.runs,
    point.failedRuns,
  ]
  const html = (text) => String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;")
  const row = (one) =>
    `<tr data-name="${html(nameOf(one)).replaceAll('"', "&quot;")}" class="${best.has(one) ? "best" : ""}">${cells(one)
      .map((cell) => `<td>${html(cell)}</td>`)
      .join("")}</tr>`
  element("points").innerHTML =
    `<thead><tr>${head.map((name) => `<th>${html(name)}</th>`).join("")}</tr></thead><tbody>${sweep.points.map(row).join("")}</tbody>`
}

const choices = (id, chosen) => {
  for (const figure of figures) element(id).append(new Option(figure, figure, figure === chosen, figure === chosen))
  element(id).addEventListener("change", draw)
}

element("title").textContent = `sweep of ${sweep.grid.scenario}`
element("purpose").textContent =
  `${parameters.map((name) => `${name} ${sweep.grid.grid[name].join(", ")}`).join(" · ")} · seeds ${sweep.grid.seeds} · commit ${sweep.commit}`
element("foot").textContent = `${sweep.points.length} combinations · this file asks for nothing else`
choices("x", sweep.objectives[0]?.figure)
choices("y", sweep.objectives[1]?.figure)
theme(() => plot?.redraw())
draw()
window.addEventListener("resize", () => plot?.setSize({ width: element("plot").clientWidth, height: 420 }))
