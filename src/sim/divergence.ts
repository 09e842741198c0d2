/**
 * Where two runs of one seed part: the first event that differs. There should be none; where there is one, something that is
 * not of the seed has decided an order (the time of day, a process's memory, the order of a set).
 */
import type { EventLog, LoggedEvent } from "./event-log.ts"

/** A run's events as text, one a line: the file of `--trace`. */
export function* linesOf(log: EventLog): Iterable<string> {
  for (const event of log.events()) yield lineOf(event)
}

const lineOf = ({ about, atMs, from, kind, machine, sinceMs, step, what }: LoggedEvent): string =>
  [
    step,
    `${atMs} ms`,
    kind,
    ...(from < 0 ? [] : [`n${from} →`]),
    machine < 0 ? "world" : `n${machine}`,
    what,
    ...about,
    `(since ${sinceMs} ms)`,
  ]
    .filter((word) => word !== "")
    .join(" ")

export interface Divergence {
  /** Number of the first line that differs, from 1. */
  readonly line: number
  /** What both did just before. */
  readonly before: ReadonlyArray<string>
  /** What each did then; `undefined` where it was over. */
  readonly one: string | undefined
  readonly other: string | undefined
}

const shownBefore = 3

/** `undefined`: they are the same. */
export const divergenceOf = (one: Iterable<string>, other: Iterable<string>): Divergence | undefined => {
  const others = other[Symbol.iterator]()
  const before: Array<string> = []
  let line = 0
  const differs = (a: string | undefined, b: string | undefined): Divergence => ({ line, before, one: a, other: b })
  for (const a of one) {
    line++
    const { done, value: b } = others.next()
    if (done === true || a !== b) return differs(a, done === true ? undefined : b)
    if (before.push(a) > shownBefore) before.shift()
  }
  const { done, value } = others.next()
  line++
  return done === true ? undefined : differs(undefined, value)
}

export const tellDivergence = ({ before, line, one, other }: Divergence): ReadonlyArray<string> => [
  `they part at event ${line}:`,
  ...before.map((text) => `    ${text}`),
  `  - ${one ?? "nothing more"}`,
  `  + ${other ?? "nothing more"}`,
]
