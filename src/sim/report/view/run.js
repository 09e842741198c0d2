/** The run as the page has it: decoded once, with the few questions that everything asks. */
import { color } from "./theme.js"

export const run = JSON.parse(document.getElementById("data").textContent)

const bytesOf = (text) => Uint8Array.from(atob(text), (character) => character.charCodeAt(0))

const standings = bytesOf(run.standing)
const columns = new Int32Array(bytesOf(run.messages).buffer)
const count = columns.length / 5
const column = (i) => columns.subarray(i * count, (i + 1) * count)

/** Sampled messages, ordered by arrival; `kind` 255: lost. */
export const messages = { count, sentMs: column(0), atMs: column(1), from: column(2), to: column(3), kind: column(4) }

/** Of the numbers, which ascend, the index of the last that is at most this. */
export const lastAtMost = (numbers, value) => {
  let [low, high] = [0, numbers.length]
  while (low < high) {
    const middle = (low + high) >> 1
    if (numbers[middle] <= value) low = middle + 1
    else high = middle
  }
  return low - 1
}

/** How a node stood at a sample: 0 down, 1 paused, up to 254 behind, 255 as most. */
/** Of another make than ours: nothing is seen of what it holds. */
export const unseen = 254
/** How much a node holds that is behind, of what the fullest one does. */
export const shareHeld = (standing) => (standing - 2) / 251
export const standingOf = (sample, node) => standings[sample * run.nodes.length + node]
export const sampleAt = (ms) => Math.max(0, lastAtMost(run.samplesMs, ms))

/** Shares of the nodes that run: with the common picture, and of what they hold on average. */
export const agreement = run.samplesMs.map((_, sample) => {
  let [same, held, running] = [0, 0, 0]
  for (let node = 0; node < run.nodes.length; node++) {
    const standing = standingOf(sample, node)
    if (standing < 2 || standing === unseen || run.nodes[node].lies) continue
    running++
    if (standing === 255) same++
    held += standing === 255 ? 1 : shareHeld(standing)
  }
  return { same: running === 0 ? 0 : same / running, held: running === 0 ? 0 : held / running, running }
})

export const seconds = (ms) => `${(ms / 1_000).toFixed(ms < 100_000 ? 2 : 1)} s`
export const duration = (ms) => (ms < 1_000 ? `${Math.round(ms)} ms` : `${Number((ms / 1_000).toPrecision(3))} s`)
export const whole = (number) => Math.round(number).toLocaleString("en-US")
export const nameOf = (node) => (node < 0 ? "the world" : run.nodes[node].name)

const kindColors = {
  GOSSIP: "#1f9e89",
  IHAVE: "#e0a030",
  GRAFT: "#d1495b",
  PRUNE: "#9a6fb0",
  BEACON: "#6fa84f",
  HEARTBEAT: "#8b97a8",
  HELLO: "#4f83cc",
  RECONCILE: "#c4658f",
  ASK: "#5fb0c7",
  ANSWER: "#3f7fa0",
  QUERY: "#b08a4a",
  QUERY_ACK: "#7d6a3a",
  DHT: "#7c73d6",
  others: "#b9a58c",
}
const spare = ["#6b8e9e", "#a77f5d", "#7a9a6a", "#9e6b8e", "#808080"]
export const colorOfKind = (kind) => kindColors[kind] ?? spare[Math.max(0, run.kinds.indexOf(kind)) % spare.length]

/** Nearly as much as the others: yellow; hardly anything: red. */
const mixed = (from, to, share) => {
  const channel = (hex, at) => parseInt(hex.slice(at, at + 2), 16)
  return `rgb(${[1, 3, 5].map((at) => Math.round(channel(from, at) + (channel(to, at) - channel(from, at)) * share)).join(",")})`
}
export const colorOfStanding = (standing) => {
  if (standing === 255) return color("same")
  if (standing === 0) return color("down")
  if (standing === 1) return color("paused")
  if (standing === unseen) return color("soft")
  return mixed(color("far"), color("near"), shareHeld(standing))
}

/** A canvas as sharp as the screen. */
export const fitted = (canvas) => {
  const ratio = window.devicePixelRatio || 1
  const { width, height } = canvas.getBoundingClientRect()
  if (canvas.width !== Math.round(width * ratio) || canvas.height !== Math.round(height * ratio)) {
    canvas.width = Math.round(width * ratio)
    canvas.height = Math.round(height * ratio)
  }
  const paint = canvas.getContext("2d")
  paint.setTransform(ratio, 0, 0, ratio, 0, 0)
  paint.clearRect(0, 0, width, height)
  return { paint, width, height }
}
