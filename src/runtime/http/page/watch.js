/**
 * What the whole page watches: who this node is, how it stands, its peers. Asked again every few seconds while somebody
 * looks, and at once after a peer came or went; seldom when there are many peers, whose list is long.
 */
import { get, Trouble, whenAnswered } from "./api.js"
import { stream, whenHappening } from "./live.js"
import { signal } from "./signal.js"

/**
 * @typedef {typeof import("../documents.ts").Info.Type} Info
 * @typedef {typeof import("../documents.ts").NetworkStatus.Type} Status
 * @typedef {(typeof import("../documents.ts").Peers.Type)["peers"][number]} Peer
 * @typedef {(typeof import("../documents.ts").Registries.Type)["registries"][number]} Registry
 * @typedef {{ isReady: boolean, isFilling: boolean, says: string }} Readiness
 */

export const info = signal(/** @type {Info | undefined} */ (undefined))
export const status = signal(/** @type {Status | undefined} */ (undefined))
export const peers = signal(/** @type {ReadonlyArray<Peer> | undefined} */ (undefined))
export const registries = signal(/** @type {ReadonlyArray<Registry> | undefined} */ (undefined))
export const readiness = signal(/** @type {Readiness | undefined} */ (undefined))
/** Did the node answer the last question? */
export const isReachable = signal(true)

const periodMs = 5_000
/** For each peer in the list the next question waits this much longer. */
const perPeerMs = 20
/** A node that takes long to answer is asked seldom: this many times as long passes in between. */
const patience = 20
const soonMs = 400
/** Who the node is, who else there is, and whether its database answers is asked with every so many-th look. */
const looksPerRound = 6

/** @type {ReturnType<typeof setTimeout> | undefined} */
let next
let nextAtMs = Number.POSITIVE_INFINITY
let isAsking = false
let looks = 0

/** An earlier look that is due already stays due. @param {number} ms */
const lookIn = (ms) => {
  const atMs = performance.now() + ms
  if (isAsking || atMs >= nextAtMs) return
  clearTimeout(next)
  nextAtMs = atMs
  next = setTimeout(() => void look(), ms)
}

const look = async () => {
  isAsking = true
  nextAtMs = Number.POSITIVE_INFINITY
  const beganMs = performance.now()
  const isRound = looks++ % looksPerRound === 0
  try {
    await Promise.all([
      take("v1/network/status", status),
      takePeers(),
      isRound && take("v1/info", info),
      isRound && takeRegistries(),
      (isRound || readiness.value?.isReady !== true || readiness.value.isFilling) && takeReadiness(),
    ])
  } finally {
    isAsking = false
    const tookMs = performance.now() - beganMs
    if (document.visibilityState === "visible") lookIn(Math.max(periodMs + perPeerMs * (peers.value?.length ?? 0), patience * tookMs))
  }
}

/** What does not come stays as it was: the banner says why. @template T @param {string} path @param {import("./signal.js").Signal<T | undefined>} into */
const take = async (path, into) => {
  try {
    into.set(await get(path))
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    // the next look asks what it is
    if (error.status === 503) readiness.set({ isReady: false, isFilling: false, says: error.message })
  }
}

const takePeers = async () => {
  try {
    /** @type {typeof import("../documents.ts").Peers.Type} */
    const answer = await get("v1/network/peers")
    peers.set([...answer.peers].sort((a, b) => (a.registry_id < b.registry_id ? -1 : 1)))
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
  }
}

const takeRegistries = async () => {
  try {
    /** @type {typeof import("../documents.ts").Registries.Type} */
    const answer = await get("v1/network/registries")
    registries.set(answer.registries)
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
  }
}

const takeReadiness = async () => {
  try {
    /** @type {{ readonly indexes: "complete" | "filling" }} */
    const { indexes } = await get("ready")
    readiness.set({ isReady: true, isFilling: indexes === "filling", says: "database answers" })
  } catch (error) {
    if (!(error instanceof Trouble)) throw error
    if (error.status !== 0) readiness.set({ isReady: false, isFilling: false, says: error.message })
  }
}

export const watch = () => {
  whenAnswered((isAnswered) => {
    if (isReachable.value !== isAnswered) isReachable.set(isAnswered)
  })
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") lookIn(0)
  })
  whenHappening(({ type }) => {
    if (type.startsWith("peer_")) lookIn(soonMs)
  })
  let wasLive = false
  stream.listen(({ phase }) => {
    // who was away for a moment has changed, perhaps; who is gone is found out at once
    if (phase === "live" ? !wasLive : wasLive) {
      looks = 0
      lookIn(0)
    }
    wasLive = phase === "live"
  })
  void look()
}
