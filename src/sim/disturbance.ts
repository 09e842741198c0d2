/** What disturbs the network for a while, on top of its weather: faults put these on and take them off again. */
import type { SeededRandom } from "./dice.ts"
import type { Host, Weather } from "./network.ts"

/** Absent numbers disturb nothing; absent `touches` means every piece. */
export interface Disturbance {
  /** Does it touch what goes this way? Dials are touched by what touches either way. */
  readonly touches?: (from: Host, to: Host) => boolean
  readonly loss?: number
  readonly duplicate?: number
  readonly reorder?: number
  /** Share of pieces that arrive with a byte flipped, or in part. */
  readonly corrupt?: number
  /** More latency, in milliseconds. */
  readonly delayMs?: number
  /** Share of pieces that arrive cut up and joined with what is written next. */
  readonly split?: number
  /** What a connection carries at most; the rest queues. */
  readonly bytesPerSecond?: number
  /** Hosts that take no new connection. */
  readonly refuses?: (host: Host) => boolean
  /** Nothing arrives. */
  readonly isCut?: boolean
  /** Nothing arrives until the end of it; then everything does. */
  readonly isHeld?: boolean
}

/** How one piece fares. */
export interface Conditions extends Omit<Weather, "latencyMs" | "jitter"> {
  readonly delayMs?: number
}

/** The worst of the weather and all that disturbs: losses do not add up, so that a bound given once holds. */
export const conditionsOf = (weather: Weather, disturbances: ReadonlyArray<Disturbance>): Conditions => ({
  loss: worst(weather.loss, disturbances, "loss"),
  duplicate: worst(weather.duplicate, disturbances, "duplicate"),
  reorder: worst(weather.reorder, disturbances, "reorder"),
  corrupt: worst(weather.corrupt ?? 0, disturbances, "corrupt"),
  delayMs: worst(0, disturbances, "delayMs"),
  split: worst(weather.split ?? 0, disturbances, "split"),
  bytesPerSecond: disturbances.reduce(
    (least, { bytesPerSecond = Number.POSITIVE_INFINITY }) => Math.min(least, bytesPerSecond),
    weather.bytesPerSecond ?? Number.POSITIVE_INFINITY,
  ),
})

const worst = (
  calm: number,
  disturbances: ReadonlyArray<Disturbance>,
  what: "loss" | "duplicate" | "reorder" | "corrupt" | "delayMs" | "split",
): number => disturbances.reduce((most, disturbance) => Math.max(most, disturbance[what] ?? 0), calm)

/** A byte flipped, or a part cut off: a new piece, the sender's own stays whole. */
export const corrupted = (bytes: Uint8Array, random: SeededRandom): Uint8Array => {
  if (random.isTrue(0.5)) return bytes.slice(0, random.below(bytes.length))
  const changed = bytes.slice()
  const at = random.below(changed.length)
  changed[at] = changed[at]! ^ (1 << random.below(8))
  return changed
}
