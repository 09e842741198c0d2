/**
 * A peer's reputation on its link: what it sends wrong costs, time gives back (ruled). At nothing it is disconnected, and
 * not let in again for a while.
 *
 * A peer is to blame for what it passes on, too: it verified that before, as we do. What can happen to the honest (a late
 * duplicate, a clock a little ahead, a burst) costs little or nothing.
 */
import { reputationRegainPerSecond } from "../limits.ts"
import type { Verdict } from "./verdict.ts"

/** 1 at the best, 0 at the end. */
export interface Reputation {
  readonly score: number
  readonly atMs: number
}

export const fresh = (nowMs: number): Reputation => ({ score: 1, atMs: nowMs })

const costs: Readonly<Record<string, number>> = {
  "drop:signature": 0.25,
  "drop:authority": 0.25,
  "drop:id-mismatch": 0.25,
  "drop:malformed": 0.25,
  "drop:unsolicited": 0.1,
  "drop:out-of-order": 0.1,
  "drop:hops": 0.1,
  "drop:ahead-of-clock": 0.01,
  "drop:flood": 0.005,
  "drop:unknown-type": 0.005,
}

/** What a deployed node is not to blame for: it passes on what others made, and looks at their signatures alone. */
const unseenByDeployed: ReadonlySet<string> = new Set(["drop:authority", "drop:malformed", "drop:ahead-of-clock", "drop:hops"])

export const after = ({ score, atMs }: Reputation, verdict: Verdict, nowMs: number, isDeployed: boolean = false): Reputation => ({
  score:
    Math.min(1, score + (Math.max(0, nowMs - atMs) / 1_000) * reputationRegainPerSecond) -
    (isDeployed && unseenByDeployed.has(verdict) ? 0 : (costs[verdict] ?? 0)),
  atMs: Math.max(atMs, nowMs),
})

export const isSpent = ({ score }: Reputation): boolean => score <= 0
