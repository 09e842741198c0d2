/**
 * How many requests an address had lately: a sliding window made of two fixed ones, so that an address costs three numbers.
 *
 *     lately = this window's requests + last window's · the share of it that is less than a window ago
 *
 * The deployed node counts fixed windows only, and so grants twice the limit around their edge (reference 10.2 no. 42).
 */
export const windowMs = 60_000

export interface RateWindow {
  /** When its current window began. */
  readonly startMs: number
  readonly current: number
  readonly previous: number
}

export interface Ruling {
  readonly isGranted: boolean
  readonly window: RateWindow
  /** Requests that would be granted now, after this one. */
  readonly remaining: number
  /** Until the next one is granted, where none is; until the count is back at zero, else. Milliseconds. */
  readonly waitMs: number
}

/** Counts a request, if the limit grants it. */
export const take = (before: RateWindow | undefined, limit: number, nowMs: number): Ruling => {
  const window = rolled(before, nowMs)
  const isGranted = limit - lately(window, nowMs) >= 1
  return rulingOn(isGranted ? { ...window, current: window.current + 1 } : window, isGranted, limit, nowMs)
}

/** What a client is told when its window, after the request, is this one. */
export const rulingOn = (window: RateWindow, isGranted: boolean, limit: number, nowMs: number): Ruling => ({
  isGranted,
  window,
  remaining: isGranted ? Math.floor(limit - lately(window, nowMs)) : 0,
  waitMs: isGranted ? window.startMs + 2 * windowMs - nowMs : waitOf(window, limit, nowMs),
})

/** Is there nothing left to remember of it? */
export const isOver = (window: RateWindow, nowMs: number): boolean => nowMs >= window.startMs + 2 * windowMs

const rolled = (before: RateWindow | undefined, nowMs: number): RateWindow => {
  if (before === undefined || isOver(before, nowMs)) return { startMs: nowMs, current: 0, previous: 0 }
  return nowMs < before.startMs + windowMs ? before : { startMs: before.startMs + windowMs, current: 0, previous: before.current }
}

const lately = ({ startMs, current, previous }: RateWindow, nowMs: number): number =>
  current + previous * (1 - (nowMs - startMs) / windowMs)

/** The previous window's share must shrink until one more fits; when the current one alone is full, the next window comes first. */
const waitOf = ({ startMs, current, previous }: RateWindow, limit: number, nowMs: number): number => {
  const fits = (counted: number, before: number) => windowMs * (1 - Math.max(0, limit - 1 - counted) / Math.max(1, before))
  const atMs = current <= limit - 1 ? startMs + fits(current, previous) : startMs + windowMs + fits(0, current)
  return Math.max(0, Math.ceil(atMs - nowMs))
}
