/**
 * The connections of one node, by number: bytes to messages, and each message to the actor that works with it.
 *
 * Which dialect is spoken on a connection its dialler chooses; a caller's first frame tells. Nobody else knows.
 *
 * Until a link is opened everything goes to the peer that holds it, so that what comes out of order is that peer's to
 * judge; afterwards HEARTBEAT, GOSSIP and the rest go to their actors. What comes after a fault, or after we closed, is not looked at.
 */
import { askOf, fanOutOf, heartbeatOf, reconcilerOf } from "../actors/cast.ts"
import type { Link, Told } from "../actors/command.ts"
import { greetingBytesMax } from "../protocol/agentdns/limits.ts"
import { outboundQueueBytesMax } from "../protocol/limits.ts"
import type { Dht, Dialect, Message } from "../protocol/wire/message.ts"
import { isUnreadable, type Unreadable } from "../protocol/wire/spec-codec.ts"
import type { Codec, Connection, Spoken } from "./ports.ts"

interface LinkState {
  readonly connection: Connection
  voice: Voice
  /** Dialects that the other end may speak as well, and the bytes that came until it is known whether it does. */
  others: ReadonlyArray<Dialect>
  unsettled: Uint8Array
  /** The peer that holds it. */
  owner: string
  isOpen: boolean
  /** Carries DHT messages and no others. */
  isVisit: boolean
  isClosed: boolean
  /** It said HELLO and nothing else: a deployed node that knows us already says so by closing then. */
  isGreetedOnly: boolean
  /** Wall time of the last bytes, for people; and the monotonic one of the last whole frame, that silence is measured with. */
  lastHeardMs: number
  lastHeardNanos: bigint
  /** When it was asked for an answer that has not come; and what the last one took. */
  askedNanos: bigint | undefined
  roundTripNanos: bigint | undefined
}

/** How one connection is spoken on. `writes`: the frame of a message; absent where all connections share it. */
interface Voice {
  readonly writes: ((message: Message) => Uint8Array) | undefined
  readonly read: (chunk: Uint8Array) => Spoken
}

/** `monotonicNanos` never jumps. */
export interface Now {
  readonly wallMs: () => number
  readonly monotonicNanos: () => bigint
}

export interface Links {
  /**
   * A new connection; its owner is told of frames and of the end. Call `listen` once the owner lives. `dialects`: those that
   * may be spoken on it, the likeliest first.
   */
  readonly add: (connection: Connection, owner: (link: Link) => string, dialects?: readonly [Dialect, ...ReadonlyArray<Dialect>]) => Link
  readonly listen: (link: Link) => void
  readonly open: (link: Link, isVisit?: boolean) => void
  /** Another actor holds it from now on. */
  readonly giveTo: (link: Link, owner: string) => void
  readonly send: (links: ReadonlyArray<Link>, message: Message) => void
  readonly close: (link: Link) => void
  readonly pauseReading: (link: Link) => void
  readonly resumeReading: (link: Link) => void
  readonly silentMs: (link: Link) => number
  /** When the last bytes came, for people. */
  readonly lastHeardMs: (link: Link) => number
  /** Whoever held them is told, as if the other end had closed. */
  readonly closeWhere: (isUnwanted: (connection: Connection) => boolean, reason: string) => void
  /** Of the last probe and its answer; `undefined` until there was one. */
  readonly roundTripMs: (link: Link) => number | undefined
  readonly closeAll: () => void
}

export const makeLinks = (codec: Codec["Service"], now: Now, tell: (to: string, event: Told) => void): Links => {
  const links = new Map<Link, LinkState>()
  let count = 0

  /** An owner is told what is true of a link only while the link is ours. */
  const told = (link: Link, state: LinkState, event: Told): void => tell(state.owner, { ...event, link })

  const route = (link: Link, state: LinkState, message: Message | Unreadable): void => {
    if (isUnreadable(message)) {
      if (state.isOpen && (message.reason === "unknown-type" || message.reason === "malformed"))
        tell("gossip", { type: "verdict.given", link, verdict: `drop:${message.reason}`, nowMs: state.lastHeardMs })
      else told(link, state, { type: "frame.refused", reason: message.reason })
      return
    }
    tell(addresseeOf(link, state, message), { type: "message.received", link, message, nowMs: state.lastHeardMs })
  }

  /** The answer to a probe is told from a beat that crossed it on the way. */
  const timeAnswer = (state: LinkState, message: Message | Unreadable): void => {
    if (state.askedNanos === undefined || message.type !== "HEARTBEAT" || message.isAnswer !== true) return
    state.roundTripNanos = now.monotonicNanos() - state.askedNanos
    state.askedNanos = undefined
  }

  const listen = (link: Link): void => {
    const state = links.get(link)
    if (state === undefined) return
    state.connection.open({
      bytes: (chunk) => {
        if (state.isClosed) return
        state.lastHeardMs = now.wallMs()
        const { fault, messages, isHeard = messages.length > 0, reply } = settled(state, chunk, state.voice.read(chunk))
        // bytes of a frame that never ends are silence: else who sends one holds its place for ever
        if (isHeard) {
          state.lastHeardNanos = now.monotonicNanos()
          state.isGreetedOnly = !state.isOpen && state.voice.writes !== undefined
        }
        if (reply !== undefined) state.connection.write(reply)
        for (const message of messages) {
          timeAnswer(state, message)
          if (!state.isClosed) route(link, state, message)
        }
        if (fault !== undefined && !state.isClosed) told(link, state, { type: "frame.refused", reason: fault })
      },
      closed: (reason) => {
        state.isClosed = true
        links.delete(link)
        told(link, state, { type: "link.closed", reason, ...(state.isGreetedOnly && { isTurnedAway: true }) })
      },
    })
  }

  const voiceOf = (dialect: Dialect, connection: Connection): Voice => {
    if (dialect === "agentdns") {
      const { read, write } = codec.deployed(connection)
      return { writes: (message) => write(message, now.wallMs()), read: (chunk) => read(chunk, now.wallMs()) }
    }
    return { writes: undefined, read: codec.reader() }
  }

  /** The first frame tells which dialect a caller speaks: the one in which it is a message. */
  const settled = (state: LinkState, chunk: Uint8Array, spoken: Spoken): Spoken => {
    if (state.others.length === 0) return spoken
    const [first] = spoken.messages
    const bytes = Buffer.concat([state.unsettled, chunk])
    // what is longer than any greeting is kept for nobody
    if (first === undefined && spoken.fault === undefined && bytes.length <= greetingBytesMax) {
      state.unsettled = bytes
      return spoken
    }
    const others = first === undefined || !isUnreadable(first) ? [] : state.others
    state.others = []
    state.unsettled = noBytes
    for (const dialect of others) {
      const voice = voiceOf(dialect, state.connection)
      const again = voice.read(bytes)
      if (again.messages[0] === undefined || isUnreadable(again.messages[0])) continue
      state.voice = voice
      return again
    }
    return spoken
  }

  const close = (link: Link): void => {
    const state = links.get(link)
    if (state === undefined || state.isClosed) return
    state.isClosed = true
    state.connection.close()
  }

  return {
    add: (connection, owner, dialects = ["spec"]) => {
      const link = ++count
      links.set(link, {
        connection,
        voice: voiceOf(dialects[0], connection),
        others: dialects.slice(1),
        unsettled: noBytes,
        owner: owner(link),
        isOpen: false,
        isVisit: false,
        isClosed: false,
        isGreetedOnly: false,
        lastHeardMs: now.wallMs(),
        lastHeardNanos: now.monotonicNanos(),
        askedNanos: undefined,
        roundTripNanos: undefined,
      })
      return link
    },
    listen,
    open: (link, isVisit = false) => {
      const state = links.get(link)
      if (state === undefined) return
      state.isOpen = true
      state.isVisit = isVisit
    },
    giveTo: (link, owner) => {
      const state = links.get(link)
      if (state !== undefined) state.owner = owner
    },
    send: (to, message) => {
      let shared: Uint8Array | undefined
      for (const link of to) {
        const state = links.get(link)
        if (state === undefined || state.isClosed) continue
        const frame = state.voice.writes === undefined ? (shared ??= codec.write(message)) : state.voice.writes(message)
        if (message.type === "HEARTBEAT" && message.wantsAnswer) state.askedNanos ??= now.monotonicNanos()
        if (frame.length > 0) state.connection.write(frame)
        if (state.connection.queuedBytes() > outboundQueueBytesMax) {
          close(link)
          told(link, state, { type: "link.closed", reason: "slow-reader" })
        }
      }
    },
    close,
    pauseReading: (link) => links.get(link)?.connection.pauseReading(),
    resumeReading: (link) => links.get(link)?.connection.resumeReading(),
    silentMs: (link) => Number((now.monotonicNanos() - (links.get(link)?.lastHeardNanos ?? 0n)) / 1_000_000n),
    lastHeardMs: (link) => links.get(link)?.lastHeardMs ?? 0,
    closeWhere: (isUnwanted, reason) => {
      for (const [link, state] of links) {
        if (state.isClosed || !isUnwanted(state.connection)) continue
        close(link)
        told(link, state, { type: "link.closed", reason })
      }
    },
    roundTripMs: (link) => {
      const nanos = links.get(link)?.roundTripNanos
      return nanos === undefined ? undefined : Number(nanos) / 1e6
    },
    closeAll: () => [...links.keys()].forEach(close),
  }
}

const noBytes = new Uint8Array(0)

const addresseeOf = (link: Link, { isOpen, isVisit, owner }: LinkState, message: Message): string => {
  if (!isOpen || (isVisit && message.type !== "DHT")) return owner
  switch (message.type) {
    case "GOSSIP":
    case "IHAVE":
    case "GRAFT":
    case "PRUNE":
    case "BEACON":
      return "gossip"
    case "RECONCILE":
      return message.step === "compare" || message.step === "list" || message.step === "records" ? "holdings" : reconcilerOf(link)
    case "ASK":
      return "holdings"
    case "ANSWER":
      return askOf(message.request)
    case "QUERY":
      return "federation"
    case "QUERY_ACK":
      return fanOutOf(message.id)
    case "DHT":
      return isQuestion(message.op) ? "dht" : "dht-pool"
    case "HEARTBEAT":
      return heartbeatOf(link)
    case "HELLO":
      return owner
  }
}

const isQuestion = (op: Dht["op"]): boolean => op === "PING" || op === "STORE" || op === "FIND_NODE" || op === "FIND_VALUE"
