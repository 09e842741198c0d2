/** Events in words: what the report, a regression test and the command line say of them. */
import type { Slice } from "./causes.ts"
import type { LoggedEvent } from "./event-log.ts"

type Name = (machine: number) => string

/** One sentence; `name` says who a machine is. */
export const tellEvent = (event: LoggedEvent, name: Name): string =>
  event.machine < 0 ? said(event, name) : `${name(event.machine)} ${said(event, name)}`

/** A slice, a line each. */
export const tellSlice = ({ events, leftOut }: Slice, name: Name): ReadonlyArray<string> => [
  ...events.map((event) => `${(event.atMs / 1_000).toFixed(3).padStart(9)} s  ${tellEvent(event, name)}`),
  ...(leftOut > 0 ? [`${" ".repeat(13)}and ${leftOut} more events that matter`] : []),
]

const said = ({ about, from, kind, what }: LoggedEvent, name: Name): string => {
  const subject = about.length === 0 ? "" : ` ${short(about[0]!)}${about.length > 1 ? ` and ${about.length - 1} more` : ""}`
  switch (kind) {
    case "deliver":
      return `hears ${what === "" ? "a part of a frame" : what}${subject} from ${name(from)}`
    case "lose":
      return `never hears ${what === "" ? "a piece" : what}${subject} from ${name(from)}`
    case "word":
      return `${what}${subject}: its client is told so`
    case "report":
      return what === "gossip.accepted" ? `accepts${subject}` : `reports ${what}${subject}`
    case "timer":
      return "is woken by a timer"
    case "boot":
      return "starts"
    case "crash":
      return what === "" ? "goes down" : `goes down ${what}`
    case "pause":
      return "stops for a while"
    case "resume":
      return "goes on"
    case "fault":
      return `${what} begins`
    case "calm":
      return `${what} ends`
    case "violation":
      return `${what} is violated${subject}`
  }
}

/** The end of an id says which; its start is the same for all. */
const short = (subject: string): string => (subject.length > 14 ? `…${subject.slice(-6)}` : subject)
