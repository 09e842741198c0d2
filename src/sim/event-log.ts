/**
 * The event log: what happened, on which machine, and what came of what. Off, it costs one comparison a wake-up; on, one row
 * an event in columns of numbers (some 60 bytes), so that a million of them fit.
 *
 * Happens-before (Lamport 1978) is two edges a row: `before`, the row before it on the same machine, and `cause`, the row in
 * whose course it was set up: of a delivery the one that sent it, of a timer the one that set it. An event is the whole
 * course of one wake-up, a *step*: computing takes no time, so nothing can be between two rows of one step.
 */
import { type ContentId, read } from "../protocol/gossip/announcement.ts"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import type { Message } from "../protocol/wire/message.ts"
import type { Codec } from "../runtime/ports.ts"
import { hearing } from "./hearing-codec.ts"
import type { Wakeup } from "./agenda.ts"
import type { ClockListener, VirtualClock } from "./clock.ts"

export const eventKinds = [
  "deliver",
  "lose",
  "timer",
  "boot",
  "crash",
  "pause",
  "resume",
  "fault",
  "calm",
  "word",
  "report",
  "violation",
] as const
export type EventKind = (typeof eventKinds)[number]

export interface LoggedEvent {
  readonly index: number
  readonly step: number
  readonly atMs: number
  /** When it was set up: of a delivery, when it was sent. */
  readonly sinceMs: number
  readonly kind: EventKind
  /** The machine it happened on; -1: the world. */
  readonly machine: number
  /** Of a delivery or loss: the sender; else -1. */
  readonly from: number
  /** What it said: `GOSSIP`, `gossip.accepted`, the name of a fault. */
  readonly what: string
  /** What it is about: entities, handles, names. */
  readonly about: ReadonlyArray<string>
  /** Rows that happened before it, -1 where there is none. */
  readonly cause: number
  readonly before: number
}

/** Numbers of one row. */
const width = 9
/** Rows; beyond it the newest are counted, and not kept. */
export const eventsMax = 4_000_000
/** Subjects remembered of one row, of a list of ids the first ones. */
const aboutMax = 64

export class EventLog implements ClockListener {
  readonly #clock: VirtualClock
  /** Rows so far. */
  count = 0
  /** Rows that did not fit. */
  dropped = 0
  /** The row that whatever happens now comes of. */
  #current = -1
  #sinceMs = 0
  #columns = new Float64Array(width * 1_024)
  readonly #whats = new Words()
  readonly #about = new Map<number, ReadonlyArray<string>>()
  readonly #last = new Map<number, number>()
  readonly #setBy = new WeakMap<Wakeup, { readonly cause: number; readonly atMs: number }>()
  /** What an announcement is about, by its id; and what written frames said. */
  readonly #subjects = new Map<string, string>()
  /** All that words and announcements were about. */
  readonly #named = new Set<string>()
  readonly #written = new WeakMap<Uint8Array, Message>()

  constructor(clock: VirtualClock) {
    this.#clock = clock
  }

  /** Wake-ups so far; all that is before the first one is step 0. */
  get step(): number {
    return this.#clock.steps
  }

  // told by the world ------------------------------------------------------------------------------------------------

  wakeupSet(wakeup: Wakeup, nowMs: number): void {
    this.#setBy.set(wakeup, { cause: this.#current, atMs: nowMs })
  }

  wakeupFires(wakeup: Wakeup, nowMs: number): void {
    const { cause, atMs } = this.#setBy.get(wakeup) ?? { cause: -1, atMs: nowMs }
    this.#current = cause
    this.#sinceMs = atMs
  }

  /** A row; what follows in this step comes of it. */
  note(kind: EventKind, machine: number, what: string, about: ReadonlyArray<string> = [], from = -1): number {
    if (this.count === eventsMax) {
      this.dropped++
      return this.#current
    }
    const nowMs = this.#clock.elapsedMs
    const index = this.count++
    if (width * this.count > this.#columns.length) this.#grow()
    const before = this.#last.get(machine) ?? -1
    const row = [nowMs, this.#sinceMs, eventKinds.indexOf(kind), machine, from, this.#whats.numberOf(what), this.#current, before]
    this.#columns.set([...row, this.step], width * index)
    if (about.length > 0) this.#about.set(index, about)
    if (kind === "word") for (const subject of about) this.#named.add(subject)
    // what was lost happened to nobody: nothing comes of it
    if (kind === "lose") return index
    if (machine >= 0) this.#last.set(machine, index)
    this.#current = index
    this.#sinceMs = nowMs
    return index
  }

  deliver(from: number, to: number): void {
    this.note("deliver", to, "", [], from)
  }

  /** A piece that never arrives. */
  lose(from: number, to: number, bytes: Uint8Array): void {
    const message = this.#written.get(bytes)
    this.note("lose", to, message === undefined ? "" : nameOf(message), message === undefined ? [] : this.#aboutOf(message), from)
  }

  /** What was delivered in this step to somebody who has no codec of ours. */
  said(bytes: Uint8Array): void {
    const message = this.#written.get(bytes)
    if (message === undefined) this.#name(typeIn(bytes))
    else this.#read(message)
  }

  /** A codec that tells what frames say, and does nothing else. */
  over(codec: Codec["Service"]): Codec["Service"] {
    const written = (bytes: Uint8Array, message: Message): Uint8Array => {
      this.#written.set(bytes, message)
      return bytes
    }
    const heard = hearing(codec, (message) => this.#read(message))
    return {
      write: (message) => written(codec.write(message), message),
      reader: heard.reader,
      deployed: (ends) => {
        const { read, write } = heard.deployed(ends)
        return {
          read: (chunk, nowMs) => {
            const spoken = read(chunk, nowMs)
            // a frame in which there is nothing for us, as a sign of life
            if (spoken.messages.length === 0 && spoken.isHeard) this.#name(typeIn(chunk))
            return spoken
          },
          write: (message, nowMs) => written(write(message, nowMs), message),
        }
      },
    }
  }

  /** What was delivered in this step turns out to say this. */
  #read(message: Message): void {
    const index = this.#current
    if (index < 0) return
    this.#name(nameOf(message))
    const about = this.#aboutOf(message)
    if (about.length > 0) this.#about.set(index, [...new Set([...(this.#about.get(index) ?? []), ...about])].slice(0, aboutMax))
  }

  /** One more word for what was delivered in this step. */
  #name(more: string | undefined): void {
    if (this.#current < 0 || more === undefined) return
    const at = width * this.#current + 5
    const said = this.#whats.wordOf(this.#columns[at]!)
    if (said === "") this.#columns[at] = this.#whats.numberOf(more)
    else if (!said.split(", ").includes(more)) this.#columns[at] = this.#whats.numberOf(`${said}, ${more}`)
  }

  #aboutOf(message: Message): ReadonlyArray<string> {
    if (message.type === "GOSSIP") return this.#subjectOf(message.id, message.document)
    if (message.type === "IHAVE" || message.type === "GRAFT")
      return message.ids.slice(0, aboutMax).flatMap((id) => this.#subjects.get(id) ?? [])
    if (message.type === "ANSWER" || (message.type === "RECONCILE" && message.step === "records"))
      return message.documents.slice(0, aboutMax).flatMap((document) => this.#learn(document))
    return []
  }

  #subjectOf(id: ContentId, document: () => JsonObject | undefined): ReadonlyArray<string> {
    const known = this.#subjects.get(id)
    const said = known === undefined ? document() : undefined
    return known === undefined ? (said === undefined ? [] : this.#learn(said)) : [known]
  }

  #learn(document: JsonObject): ReadonlyArray<string> {
    const announcement = read(document)
    if (announcement.type === "malformed") return []
    this.#subjects.set(announcement.contentId, announcement.subject)
    this.#named.add(announcement.subject)
    return [announcement.subject]
  }

  // asked by whoever looks at it -------------------------------------------------------------------------------------

  at(index: number): LoggedEvent {
    const row = this.#columns.subarray(width * index, width * (index + 1))
    return {
      index,
      step: row[8]!,
      atMs: row[0]!,
      sinceMs: row[1]!,
      kind: eventKinds[row[2]!]!,
      machine: row[3]!,
      from: row[4]!,
      what: this.#whats.wordOf(row[5]!),
      about: this.#about.get(index) ?? [],
      cause: row[6]!,
      before: row[7]!,
    }
  }

  *events(): Iterable<LoggedEvent> {
    for (let index = 0; index < this.count; index++) yield this.at(index)
  }

  /** Things that were talked about whose name occurs in this text. */
  namedIn(text: string): ReadonlyArray<string> {
    return [...this.#named].filter((subject) => text.includes(subject))
  }

  #grow(): void {
    const more = new Float64Array(2 * this.#columns.length)
    more.set(this.#columns)
    this.#columns = more
  }
}

/** Words by number: most rows say one of a few. */
class Words {
  readonly #words: Array<string> = []
  readonly #numbers = new Map<string, number>()

  numberOf(word: string): number {
    const known = this.#numbers.get(word)
    if (known !== undefined) return known
    this.#numbers.set(word, this.#words.push(word) - 1)
    return this.#words.length - 1
  }

  wordOf(number: number): string {
    return this.#words[number]!
  }
}

/** The type of the deployed dialect's frame that begins here. */
const typeIn = (bytes: Uint8Array): string | undefined =>
  /^\{"type":"(\w+)"/.exec(Buffer.from(bytes.subarray(4, 64)).toString("latin1"))?.[1]

const nameOf = (message: Message): string => (message.type === "RECONCILE" ? `RECONCILE ${message.step}` : message.type)
