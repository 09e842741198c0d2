/**
 * The causal slice of a violation: of all that happened before it (Lamport's happens-before), and of all that was said about
 * the same thing wherever that got lost, the events that matter. The rest of the run could be left out of the story.
 */
import type { EventLog, LoggedEvent } from "./event-log.ts"

export interface SlicedEvent extends LoggedEvent {
  /** Events of the slice that it directly comes of, by index. */
  readonly after: ReadonlyArray<number>
}

export interface Slice {
  readonly events: ReadonlyArray<SlicedEvent>
  /** Events that matter, too, and had no room. */
  readonly leftOut: number
}

const eventsMax = 120
/** Of a violation that is about nothing in particular: how long before it is looked. */
const recentMs = 60_000

const upheavals: ReadonlyArray<LoggedEvent["kind"]> = ["crash", "pause", "resume", "boot", "fault", "calm"]

/** The slice that ends in one event, by default the first violation; `undefined` when there is none. */
export const sliceOf = (log: EventLog, end = firstViolation(log), most = eventsMax): Slice | undefined => {
  if (end === undefined) return undefined
  const past = pastOf(log, end.index)
  const until = [...log.events()].slice(0, end.index + 1)
  const subjects = new Set(end.about)
  const isAbout = ({ about }: LoggedEvent) => about.some((subject) => subjects.has(subject))
  const told = subjects.size > 0 ? until.filter(isAbout) : until.filter((event) => past[event.index] === 1 && isNear(event, end))
  const fromMs = told[0]!.atMs
  const machines = new Set(told.map(({ machine }) => machine))
  const isUpset = ({ atMs, kind, machine }: LoggedEvent) =>
    upheavals.includes(kind) && (kind === "boot" ? atMs > 0 : atMs >= fromMs) && (machine < 0 || machines.has(machine))
  // where nothing was said of it the reason is that nobody was there to hear it
  const apart =
    told.length > silentMax
      ? []
      : until.filter(({ kind, machine, what }) => machines.has(machine) && isParting(kind, what)).slice(-partingsMax)
  const wanted = byIndex([end, ...ranked(told, past, end), ...until.filter(isUpset), ...apart])
  const kept = wanted.slice(0, most).sort((a, b) => a.index - b.index)
  return { events: linked(log, kept), leftOut: wanted.length - kept.length }
}

/** Fewer events than this about a thing: it was hardly spoken of. */
const silentMax = 4
const partingsMax = 30

const isParting = (kind: LoggedEvent["kind"], what: string): boolean => kind === "lose" || (kind === "report" && what.startsWith("peer."))

/** Each once, the first of its kind. */
const byIndex = (events: ReadonlyArray<LoggedEvent>): ReadonlyArray<LoggedEvent> => [
  ...new Map(events.map((event) => [event.index, event])).values(),
]

/** Of this invariant, or of any. */
export const firstViolation = (log: EventLog, invariant?: string): LoggedEvent | undefined => {
  for (const event of log.events()) if (event.kind === "violation" && (invariant ?? event.what) === event.what) return event
  return undefined
}

/** 1 for each event that happened before this one, or is it. */
export const pastOf = (log: EventLog, end: number): Uint8Array => {
  const past = new Uint8Array(log.count)
  past[end] = 1
  // causes come before what they cause, so one way back sees them all
  for (let index = end; index >= 0; index--) {
    if (past[index] === 0) continue
    const { cause, before } = log.at(index)
    if (cause >= 0) past[cause] = 1
    if (before >= 0) past[before] = 1
  }
  return past
}

const isNear = ({ atMs, kind, machine }: LoggedEvent, end: LoggedEvent): boolean =>
  machine === end.machine && kind !== "timer" && atMs >= end.atMs - recentMs

/** What the end comes of first, then what was lost, then what the violating machine heard, then the rest; of each the earliest first. */
const ranked = (events: ReadonlyArray<LoggedEvent>, past: Uint8Array, end: LoggedEvent): ReadonlyArray<LoggedEvent> => {
  const rank = ({ index, kind, machine }: LoggedEvent): number =>
    kind === "word" || kind === "violation"
      ? 0
      : kind === "lose" && machine === end.machine
        ? 1
        : machine === end.machine
          ? 2
          : past[index] === 1
            ? 3
            : 4
  return [...events].sort((a, b) => rank(a) - rank(b) || a.index - b.index)
}

/** Each with those of the others that it directly comes of, whatever was between them. */
const linked = (log: EventLog, events: ReadonlyArray<LoggedEvent>): ReadonlyArray<SlicedEvent> => {
  const kept = new Set(events.map(({ index }) => index))
  const nearest = (index: number, next: (event: LoggedEvent) => number): number => {
    let at = index
    while (at >= 0 && !kept.has(at)) at = next(log.at(at))
    return at
  }
  return events.map((event) => {
    const cause = nearest(event.cause, (one) => one.cause)
    const before = nearest(event.before, (one) => one.before)
    return { ...event, after: [...new Set([cause, before])].filter((index) => index >= 0) }
  })
}
