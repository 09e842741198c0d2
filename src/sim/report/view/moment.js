/** The moment that is shown: played, scrubbed, stepped. Everything that depends on it is told. */
import { run, seconds } from "./run.js"

const speeds = [0.02, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 20, 50, 100]
const listeners = []

export const moment = { ms: 0, isPlaying: false, speed: speeds.findIndex((speed) => speed >= run.untilMs / 30_000), node: -1 }
if (moment.speed < 0) moment.speed = speeds.length - 1
export const speedNow = () => speeds[moment.speed]

export const whenChanged = (listener) => listeners.push(listener)
export const changed = (what) => listeners.forEach((listener) => listener(what))

export const goTo = (ms) => {
  moment.ms = Math.min(run.untilMs, Math.max(0, ms))
  changed("ms")
}
export const choose = (node) => {
  moment.node = node
  changed("node")
}
const setSpeed = (speed) => {
  moment.speed = Math.min(speeds.length - 1, Math.max(0, speed))
  document.getElementById("speed").textContent = `${speedNow()} ×`
}

let lastFrameMs
const frame = (nowMs) => {
  if (!moment.isPlaying) return
  const passedMs = lastFrameMs === undefined ? 0 : Math.min(100, nowMs - lastFrameMs)
  lastFrameMs = nowMs
  goTo(moment.ms + passedMs * speedNow())
  if (moment.ms >= run.untilMs) play(false)
  else requestAnimationFrame(frame)
}

export const play = (isPlaying) => {
  if (isPlaying && moment.ms >= run.untilMs) moment.ms = 0
  moment.isPlaying = isPlaying
  lastFrameMs = undefined
  document.getElementById("play").textContent = isPlaying ? "❚❚" : "▶"
  if (isPlaying) requestAnimationFrame(frame)
}

/** Moments worth a button. */
const marks = [
  ...run.faults.slice(0, 6).map(({ kind, fromMs }) => ({ name: kind, ms: fromMs })),
  ...run.result.violations.slice(0, 1).map(({ invariant, atMs }) => ({ name: `✗ ${invariant.split(" ")[0]}`, ms: atMs })),
]

export const controls = () => {
  const scrub = document.getElementById("scrub")
  scrub.max = String(Math.ceil(run.untilMs))
  scrub.addEventListener("input", () => goTo(Number(scrub.value)))
  whenChanged(() => {
    scrub.value = String(Math.round(moment.ms))
    scrub.setAttribute("aria-valuetext", seconds(moment.ms))
  })
  document.getElementById("play").addEventListener("click", () => play(!moment.isPlaying))
  document.getElementById("slower").addEventListener("click", () => setSpeed(moment.speed - 1))
  document.getElementById("faster").addEventListener("click", () => setSpeed(moment.speed + 1))
  setSpeed(moment.speed)
  for (const { name, ms } of marks) {
    const button = document.createElement("button")
    button.className = "plain"
    button.type = "button"
    button.textContent = name
    button.title = `Go to ${seconds(ms)}`
    button.addEventListener("click", () => goTo(ms))
    document.getElementById("jumps").append(button)
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const target = event.target instanceof HTMLElement ? event.target : document.body
    if (event.key === " " && target.tagName !== "BUTTON") play(!moment.isPlaying)
    else if (event.key === "[") setSpeed(moment.speed - 1)
    else if (event.key === "]") setSpeed(moment.speed + 1)
    else if (event.key === "Home") goTo(0)
    else if (event.key === "End") goTo(run.untilMs)
    else if (event.key === "f" || event.key === "F")
      goTo((run.faults.find(({ fromMs }) => fromMs > moment.ms) ?? { fromMs: run.untilMs }).fromMs)
    else if (event.key === "v" && run.result.violations.length > 0) goTo(run.result.violations[0].atMs)
    else if ((event.key === "ArrowLeft" || event.key === "ArrowRight") && target.tagName !== "INPUT")
      goTo(moment.ms + (event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 0.05 : 0.005) * run.untilMs)
    else return
    event.preventDefault()
  })
}
