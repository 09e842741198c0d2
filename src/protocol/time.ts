/**
 * Wall time as documents carry it: RFC 3339, UTC, whole seconds (`2026-04-10T12:34:56Z`); inside, whole seconds since 1970.
 * Durations and "now" are milliseconds everywhere (`…Ms`).
 */
export type Seconds = number

export const writeTime = (at: Seconds): string => {
  if (at !== lastWritten.at) lastWritten = { at, text: `${new Date(at * 1_000).toISOString().slice(0, 19)}Z` }
  return lastWritten.text
}

/** Of one document most times are the same. */
let lastWritten = { at: 0, text: "1970-01-01T00:00:00Z" }
let lastRead = lastWritten

const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/

/** `undefined` unless it is exactly the form above and names a real moment. */
export const readTime = (text: string): Seconds | undefined => {
  if (text === lastRead.text) return lastRead.at
  if (!shape.test(text)) return undefined
  const at = Date.parse(text) / 1_000
  if (Number.isNaN(at) || writeTime(at) !== text) return undefined
  lastRead = { at, text }
  return at
}

export const secondsOf = (nowMs: number): Seconds => Math.floor(nowMs / 1_000)

const momentShape = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/

/** With milliseconds, as the activity stream writes it. */
export const writeMoment = (atMs: number): string => new Date(atMs).toISOString()

/** Milliseconds since 1970 of any RFC 3339 time, as clients of heartbeats write it; `undefined` when it is none. */
export const readMoment = (text: string): number | undefined => {
  const at = momentShape.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? undefined : at
}
