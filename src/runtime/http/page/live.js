/**
 * The activity stream: connected for as long as the page is open, and again after every loss, each time later up to half a
 * minute; where it was is told to the node, so that nothing is missed that the node still keeps.
 */
import { signal } from "./signal.js"

/** @typedef {{ id: string, type: string, timestamp: string, data: Readonly<Record<string, any>> }} Happening */

/** @typedef {{ phase: "connecting" | "live" | "lost" }} Standing */

/** @type {Standing} */
const first = { phase: "connecting" }
export const stream = signal(first)

/** What the node's clock is ahead of ours, in milliseconds. */
export const clock = { aheadMs: 0 }

/** What happened, oldest first, bounded: the oldest are forgotten. @type {Array<Happening>} */
export const happenings = []
const happeningsMax = 500

/** @type {Set<(happening: Happening) => void>} */
const listeners = new Set()
/** @param {(happening: Happening) => void} listener */
export const whenHappening = (listener) => {
  listeners.add(listener)
  return () => listeners.delete(listener)
}

const firstWaitMs = 500
const longestWaitMs = 30_000
/** What was before the page opened, to begin with. */
const history = 200

let waitMs = firstWaitMs
let latest = ""
/** @type {ReturnType<typeof setTimeout> | undefined} */
let retry
/** @type {WebSocket | undefined} */
let current

/** Also instead of a connection that only seems to be there: what it still says is not heard. */
export const connect = () => {
  clearTimeout(retry)
  const url = new URL("v1/ws/activity", document.baseURI)
  url.protocol = url.protocol === "https:" ? "wss:" : "ws:"
  url.hash = ""
  url.search = latest === "" ? `?last=${history}` : `?since=${encodeURIComponent(latest)}`
  current?.close()
  const socket = new WebSocket(url)
  current = socket
  stream.set({ phase: stream.value.phase === "lost" ? "lost" : "connecting" })
  socket.addEventListener("message", ({ data }) => socket === current && hear(String(data)))
  socket.addEventListener("close", () => {
    if (socket !== current) return
    // half of it by chance, so that not all pages come back at once
    const afterMs = waitMs * (0.5 + Math.random() / 2)
    waitMs = Math.min(longestWaitMs, waitMs * 2)
    stream.set({ phase: "lost" })
    retry = setTimeout(connect, afterMs)
  })
}

/** @param {string} text */
const hear = (text) => {
  /** @type {Happening} */
  const happening = JSON.parse(text)
  latest = happening.id
  if (happening.type === "connected") {
    waitMs = firstWaitMs
    clock.aheadMs = Date.parse(happening.timestamp) - Date.now()
    stream.set({ phase: "live" })
    return
  }
  happenings.push(happening)
  // cut now and then, so that not every event moves all others
  if (happenings.length >= 2 * happeningsMax) happenings.splice(0, happenings.length - happeningsMax)
  for (const listener of listeners) listener(happening)
}

// what sleeps is not told that it lost its connection, and who comes back does not want to wait
window.addEventListener("online", () => {
  if (stream.value.phase === "lost") connect()
})
