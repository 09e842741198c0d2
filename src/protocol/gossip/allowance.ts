/**
 * What a peer may still send (mesh page, "max 100 announcements/sec per peer"; an operator may set another number): a
 * bucket that holds one second's worth and fills at that rate.
 */
export interface Allowance {
  readonly perSecond: number
  readonly left: number
  readonly atMs: number
}

export const full = (perSecond: number, nowMs: number): Allowance => ({ perSecond, left: perSecond, atMs: nowMs })

/** The allowance as it stands now. A clock that went back adds nothing. */
export const refilled = ({ perSecond, left, atMs }: Allowance, nowMs: number): Allowance => ({
  perSecond,
  left: Math.min(perSecond, left + (Math.max(0, nowMs - atMs) / 1_000) * perSecond),
  atMs: Math.max(atMs, nowMs),
})

export const spend = (allowance: Allowance, count: number): Allowance => ({ ...allowance, left: allowance.left - count })
