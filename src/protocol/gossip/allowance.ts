/**
 * What a peer may still send (mesh page, "max 100 announcements/sec per peer"): a bucket that holds one second's worth and
 * fills at that rate.
 */
import { announcementsPerSecond } from "../limits.ts"

export interface Allowance {
  readonly left: number
  readonly atMs: number
}

export const full = (nowMs: number): Allowance => ({ left: announcementsPerSecond, atMs: nowMs })

/** The allowance as it stands now. A clock that went back adds nothing. */
export const refilled = ({ left, atMs }: Allowance, nowMs: number): Allowance => ({
  left: Math.min(announcementsPerSecond, left + (Math.max(0, nowMs - atMs) / 1_000) * announcementsPerSecond),
  atMs: Math.max(atMs, nowMs),
})

export const spend = ({ left, atMs }: Allowance, count: number): Allowance => ({ left: left - count, atMs })
