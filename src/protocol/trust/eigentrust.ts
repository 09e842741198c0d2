/**
 * EigenTrust (Kamvar, Schlosser & Garcia-Molina 2003): whom to trust, from whom everybody trusts.
 *
 *     t ← (1 − a)·Cᵀ·t + a·p
 *
 * C has a row for each peer: how it shares its trust out. p is the pre-trusted, where trust begins and always returns to; so a
 * clique that nobody trusted trusts gets nothing, however it praises itself. A peer without an opinion has that of p (the
 * paper, §4.4). What is said k hops away from the pre-trusted counts (1 − a)^k.
 */
import { trustRestart, trustSettled, trustStepsMax } from "../limits.ts"

/** A peer's opinions: whom, by number, and which share of its trust each has. The shares add up to 1, or there are none. */
export interface Row {
  readonly peers: Uint32Array
  readonly shares: Float64Array
}

export const noOpinion: Row = { peers: new Uint32Array(0), shares: new Float64Array(0) }

export interface Settled {
  /** By number; adds up to 1. */
  readonly trust: Float64Array
  readonly steps: number
}

/** Shares trust out by what each is worth; what is worth nothing, or less, gets none. */
export const rowOf = (opinions: ReadonlyArray<readonly [peer: number, worth: number]>): Row => {
  const positive = opinions.filter(([, worth]) => worth > 0)
  const sum = positive.reduce((total, [, worth]) => total + worth, 0)
  return {
    peers: Uint32Array.from(positive, ([peer]) => peer),
    shares: Float64Array.from(positive, ([, worth]) => worth / sum),
  }
}

/**
 * `preTrusted` adds up to 1. `before`: the result of an earlier time, to go on from; a change of a few rows settles in a few
 * steps then. It may be shorter, where peers have come since.
 */
export const settle = (rows: ReadonlyArray<Row>, preTrusted: Float64Array, before?: Float64Array): Settled => {
  let trust = preTrusted.slice()
  if (before !== undefined && before.length > 0) {
    trust = new Float64Array(rows.length)
    trust.set(before)
  }
  let next = new Float64Array(rows.length)
  for (let steps = 1; ; steps++) {
    const change = step(rows, preTrusted, trust, next)
    ;[trust, next] = [next, trust]
    if (change < trustSettled || steps === trustStepsMax) return { trust, steps }
  }
}

/** One step from `trust` into `next`; the sum of all changes. */
const step = (rows: ReadonlyArray<Row>, preTrusted: Float64Array, trust: Float64Array, next: Float64Array): number => {
  next.fill(0)
  let given = 0
  for (let from = 0; from < rows.length; from++) {
    const { peers, shares } = rows[from]!
    const passed = trust[from]! * (1 - trustRestart)
    if (passed === 0 || peers.length === 0) continue
    given += passed
    for (let i = 0; i < peers.length; i++) next[peers[i]!]! += passed * shares[i]!
  }
  // what is not passed on, and what those without an opinion hold, goes to the pre-trusted
  const returned = 1 - given
  let change = 0
  for (let peer = 0; peer < next.length; peer++) {
    next[peer]! += returned * preTrusted[peer]!
    change += Math.abs(next[peer]! - trust[peer]!)
  }
  return change
}
