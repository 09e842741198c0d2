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

/**
 * How a piece fares that goes this way: the worst of the weather and all that disturbs. Losses do not add up, so that a bound
 * given once holds. Asked for every piece while anything disturbs, so it makes nothing that is not needed.
 */
export const conditionsOf = (weather: Weather, disturbances: Iterable<Disturbance>, from: Host, to: Host): Conditions => {
  let found: Worst | undefined
  for (const one of disturbances) {
    if (one.touches?.(from, to) === false) continue
    found ??= { ...calm, ...weather }
    found.loss = Math.max(found.loss, one.loss ?? 0)
    found.duplicate = Math.max(found.duplicate, one.duplicate ?? 0)
    found.reorder = Math.max(found.reorder, one.reorder ?? 0)
    found.corrupt = Math.max(found.corrupt, one.corrupt ?? 0)
    found.delayMs = Math.max(found.delayMs, one.delayMs ?? 0)
    found.split = Math.max(found.split, one.split ?? 0)
    found.bytesPerSecond = Math.min(found.bytesPerSecond, one.bytesPerSecond ?? Number.POSITIVE_INFINITY)
  }
  return found ?? weather
}

type Worst = { -readonly [K in keyof Conditions]-?: Conditions[K] }

/** What weather need not say. */
const calm = { corrupt: 0, delayMs: 0, split: 0, bytesPerSecond: Number.POSITIVE_INFINITY }

/** A byte flipped, or a part cut off: a new piece, the sender's own stays whole. */
export const corrupted = (bytes: Uint8Array, random: SeededRandom): Uint8Array => {
  if (random.isTrue(0.5)) return bytes.slice(0, random.below(bytes.length))
  const changed = bytes.slice()
  const at = random.below(changed.length)
  changed[at] = changed[at]! ^ (1 << random.below(8))
  return changed
}
