/** How busy the mesh is: announcements a second that came and went, over the last minutes, as a plot and as a sentence. */
import { el, say } from "./dom.js"
import { clock, happenings, whenHappening } from "./live.js"
import { counted, whole } from "./words.js"

/** @typedef {{ setData: (data: ReadonlyArray<ReadonlyArray<number>>) => void, setSize: (size: { width: number, height: number }) => void, destroy: () => void }} Plot */

const seconds = 120
const height = 96

/** What the plots are drawn with: loaded when the page stands. @type {Promise<new (options: object, data: ReadonlyArray<ReadonlyArray<number>>, target: HTMLElement) => Plot> | undefined} */
let loaded

const plotter = () =>
  (loaded ??= new Promise((resolve, reject) => {
    const script = el("script", { src: new URL("./uplot.js", import.meta.url).href })
    script.addEventListener("load", () => resolve(/** @type {any} */ (window)["uPlot"]))
    script.addEventListener("error", () => reject(new Error("the plot could not be loaded")))
    document.head.append(el("link", { rel: "stylesheet", href: new URL("./uplot.css", import.meta.url).href }), script)
  }))

export const pacePanel = () => {
  const box = el("div", { class: "pace", "aria-hidden": "true" })
  const [cameWords, wentWords] = [el("span"), el("span")]
  const sentence = el(
    "p",
    { class: "soft" },
    "In the last minute ",
    key("same"),
    cameWords,
    " came in, and ",
    key("accent"),
    wentWords,
    " of its own went out.",
  )
  const nowS = () => Math.floor((Date.now() + clock.aheadMs) / 1_000)
  /** Counts of each second, at its remainder. */
  const [came, went] = [new Uint32Array(seconds), new Uint32Array(seconds)]
  let lastS = nowS()
  const moveOn = () => {
    const now = nowS()
    for (let at = Math.max(lastS + 1, now - seconds + 1); at <= now; at++) came[at % seconds] = went[at % seconds] = 0
    lastS = Math.max(lastS, now)
  }
  /** @param {import("./live.js").Happening} happening */
  const count = ({ timestamp, type }) => {
    const list = type === "gossip_incoming" ? came : type === "gossip_outgoing" ? went : undefined
    if (list === undefined) return
    moveOn()
    const at = Math.min(Math.floor(Date.parse(timestamp) / 1_000), lastS)
    if (at > lastS - seconds) list[at % seconds] = (list[at % seconds] ?? 0) + 1
  }
  happenings.forEach(count)

  const rows = () => {
    const times = Array.from({ length: seconds }, (_, i) => lastS - seconds + 1 + i)
    return [times, times.map((at) => came[at % seconds] ?? 0), times.map((at) => went[at % seconds] ?? 0)]
  }
  /** @type {Plot | undefined} */
  let plot
  let isOver = false
  const draw = () => {
    moveOn()
    const data = rows()
    plot?.setData(data)
    const sum = (/** @type {ReadonlyArray<number> | undefined} */ list) => (list ?? []).slice(-60).reduce((total, each) => total + each, 0)
    say(cameWords, counted(sum(data[1]), "announcement"))
    say(wentWords, whole(sum(data[2])))
  }
  const make = async () => {
    const UPlot = await plotter()
    if (isOver) return
    plot?.destroy()
    plot = new UPlot(optionsFor(Math.max(120, box.clientWidth)), rows(), box)
  }
  const fits = new ResizeObserver(() => plot?.setSize({ width: Math.max(120, box.clientWidth), height }))
  fits.observe(box)
  const restyle = () => void make().catch(() => {})
  document.addEventListener("themechange", restyle)
  restyle()
  const ticking = setInterval(draw, 1_000)
  draw()
  const stopHearing = whenHappening(count)
  return {
    content: el("div", {}, box, sentence),
    stop: () => {
      isOver = true
      clearInterval(ticking)
      fits.disconnect()
      document.removeEventListener("themechange", restyle)
      stopHearing()
      plot?.destroy()
    },
  }
}

/** The line's colour, before its number. @param {string} name */
const key = (name) => el("i", { class: `key color-${name}`, "aria-hidden": "true" })

/** @param {string} name */
const color = (name) => {
  const probe = el("i", { class: `color-${name}`, hidden: true })
  document.body.append(probe)
  const { color: value } = getComputedStyle(probe)
  probe.remove()
  return value
}

/** @param {number} width */
const optionsFor = (width) => {
  const axis = {
    stroke: color("soft"),
    grid: { stroke: color("line"), width: 1 },
    ticks: { show: false },
    font: "11px system-ui, sans-serif",
  }
  return {
    width,
    height,
    legend: { show: false },
    cursor: { show: false },
    padding: [8, 26, 0, 0],
    scales: {
      y: { range: (/** @type {unknown} */ _, /** @type {number} */ __, /** @type {number} */ most) => [0, Math.max(2, most * 1.1)] },
    },
    axes: [
      { ...axis, size: 22, space: 70, values: (/** @type {unknown} */ _, /** @type {ReadonlyArray<number>} */ times) => times.map(hourOf) },
      {
        ...axis,
        size: 30,
        space: 26,
        values: (/** @type {unknown} */ _, /** @type {ReadonlyArray<number>} */ counts) => counts.map(shortly),
        incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000],
      },
    ],
    series: [
      {},
      { label: "in", stroke: color("same"), fill: color("same-soft"), width: 1.5, points: { show: false } },
      { label: "out", stroke: color("accent"), width: 1.5, points: { show: false } },
    ],
  }
}

const hour = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })
/** @param {number} at */
const hourOf = (at) => hour.format(new Date(at * 1_000))

/** @param {number} count */
const shortly = (count) => (count < 1_000 ? String(count) : `${count / 1_000}k`)
