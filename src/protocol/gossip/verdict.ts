/** Verdicts on what peers send, and how they are counted: plain data, by reason (mesh page, "Invalid signatures are dropped"). */

/** `accept`, `duplicate`, `stale`, or `drop:` and why; `ids`: a frame that told ids only. */
export type Verdict = "accept" | "duplicate" | "stale" | "ids" | `drop:${string}`

export type Tally = Record<string, number>

export const count = (tally: Tally, verdict: Verdict): void => {
  tally[verdict] = (tally[verdict] ?? 0) + 1
}
