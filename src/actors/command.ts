/**
 * Commands: everything an actor may ask of the world or of the cast, as plain data.
 *
 * Machines say them as named actions with params, reducers by `say`. `runtime/interpreter.ts` carries them out; a case
 * added here is a compile error there until it does. What comes of a command comes back to the actor that said it, as one
 * of the outcomes below.
 */
import type { Contact } from "../protocol/dht/contact.ts"
import type { DhtKey } from "../protocol/dht/key.ts"
import type { ProvenValue } from "../protocol/dht/value.ts"
import type { Announcement, Envelope, VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import type { VerifiedLayer } from "../protocol/gossip/kinds/attestation.ts"
import type { RegistryId } from "../protocol/identity/id.ts"
import type { PublicKey } from "../protocol/identity/key.ts"
import type { Address } from "../protocol/mesh/address.ts"
import type { Contradiction } from "../protocol/mesh/identity-check.ts"
import type { PeerPin } from "../protocol/mesh/pin.ts"
import type { Dialect, Message, Query } from "../protocol/wire/message.ts"
import type { Happening } from "./happening.ts"

/** A connection, numbered by the interpreter; numbers are never used twice in a node's life. */
export type Link = number

export type Command =
  // Transport
  /** In the pages' dialect, or in this one. */
  | { readonly type: "dial"; readonly address: Address; readonly patienceMs: number; readonly dialect?: Dialect }
  | { readonly type: "send"; readonly link: Link; readonly message: Message }
  | { readonly type: "broadcast"; readonly links: ReadonlyArray<Link>; readonly message: Message }
  | { readonly type: "close"; readonly link: Link; readonly reason: string }
  | { readonly type: "pauseReading"; readonly link: Link }
  | { readonly type: "resumeReading"; readonly link: Link }
  /** From now on the frames of this link go to those who work with it, no longer to the peer alone; of a visit only DHT ones. */
  | { readonly type: "openLink"; readonly link: Link; readonly isVisit?: boolean }
  /** Another actor, started with it, holds this link from now on. */
  | { readonly type: "handOver"; readonly link: Link; readonly to: Casting }
  /** How long has the other end been silent? Answered by `link.measured`. */
  | { readonly type: "measure"; readonly link: Link }
  // Verifier, RecordStore
  /** `atOnce`: before the next message of that link is read, on the node's own thread. */
  | { readonly type: "verify"; readonly link: Link; readonly offers: ReadonlyArray<Offer>; readonly atOnce?: true }
  | { readonly type: "merge"; readonly envelope: Envelope; readonly from: Link; readonly isCaughtUp: boolean }
  /** Documents of announcements we hold; what is not held any more is left out. `then` is sent after them. */
  | { readonly type: "fetch"; readonly link: Link; readonly ids: ReadonlyArray<string>; readonly then: Message | undefined }
  /** Words that are held, in the order in which they were written, after a position; answered by `changes.read`. */
  | { readonly type: "page"; readonly link: Link; readonly after: string | undefined; readonly limit: number }
  /**
   * Tells a deployed node an announcement, no hop made, unless another registry's claim is shown of what it is about; where it
   * must stand, only while it is the last word of its registry.
   */
  | { readonly type: "relay"; readonly link: Link; readonly announcement: Announcement; readonly mustStand: boolean }
  | { readonly type: "pin"; readonly pin: PeerPin }
  /** Forgets tombstones that have outlived their purpose; `holdings` is told which. */
  | { readonly type: "expire" }
  /** Looks for entities of ours that have become silent. */
  | { readonly type: "review" }
  /** What is held about a subject, sent as the answer to a peer's question. */
  | { readonly type: "answer"; readonly link: Link; readonly request: number; readonly subject: string }
  /** The words of all that is shown here, told to `federation` by `words.collected`. */
  | { readonly type: "collectWords" }
  /** A peer's query: what is found here, and where it may be passed on what others find, is sent as its answer. */
  | { readonly type: "search"; readonly link: Link; readonly query: Query; readonly mayPassOn: boolean }
  /** Which of these values prove themselves? Answered by `values.proven`, `about` as it was given. */
  | { readonly type: "prove"; readonly about: About; readonly key: DhtKey; readonly documents: ReadonlyArray<JsonObject> }
  /** Writes down whom the DHT knows. */
  | { readonly type: "remember"; readonly contacts: ReadonlyArray<Contact> }
  // Timers
  /** Tells the actor itself, later. */
  | { readonly type: "remind"; readonly afterMs: number; readonly event: Told }
  // the cast
  | ({ readonly type: "start" } & Casting)
  | { readonly type: "startAll"; readonly actors: ReadonlyArray<Casting> }
  | { readonly type: "stop"; readonly ids: ReadonlyArray<string> }
  /** The event arrives with `nowMs`. Whom nobody knows, nothing is told. */
  | { readonly type: "tell"; readonly to: string | ReadonlyArray<string>; readonly event: Told }
  // domains
  | {
      readonly type: "inspect"
      readonly registryId: RegistryId
      readonly publicKey: PublicKey
      readonly isConfigured: boolean
      /** The host it was dialled at. */
      readonly dialled: string | undefined
    }
  // people
  | { readonly type: "report"; readonly happening: Happening }

export type CommandType = Command["type"]

/** Who shall play what. The id is unique among the living; a second one of the same id replaces the first. */
export interface Casting {
  readonly actor: ActorKind
  readonly id: string
  readonly input: unknown
}

/** Every kind of actor; `runtime/cast.ts` knows what each is made of. */
export type ActorKind =
  | "node"
  | "bootstrap"
  | "peer"
  | "gossip"
  | "gossip-session"
  | "heartbeat"
  | "holdings"
  | "herald"
  | "reconciler"
  | "ask"
  | "federation"
  | "fan-out"
  | "sweep"
  | "inspector"
  | "dht"
  | "dht-pool"
  | "dht-publisher"
  | "dht-lookup"
  | "dht-link"

/** A request, and the link it came over or went out on. */
export interface About {
  readonly link: Link
  readonly request: number
}

/** An announcement somebody sent us that we have not seen, on its way to be believed. */
export interface Offer {
  readonly hopCount: number
  readonly document: () => JsonObject | undefined
  /** The sender's claim; holds only if the document hashes to it. `undefined` where nobody claimed anything. */
  readonly id: string | undefined
}

/** What came of a command, told to the actor that said it. */
export type Outcome =
  | {
      readonly type: "dial.succeeded"
      readonly link: Link
      readonly key: PublicKey | undefined
      readonly host: string
      readonly nowMs: number
    }
  | { readonly type: "dial.failed"; readonly reason: string }
  | { readonly type: "link.measured"; readonly silentMs: number }
  | { readonly type: "announcement.verified"; readonly link: Link; readonly announcement: VerifiedAnnouncement; readonly hopCount: number }
  | { readonly type: "announcement.refused"; readonly link: Link; readonly reason: string }
  | {
      readonly type: "announcement.merged"
      readonly envelope: Envelope
      readonly from: Link
      readonly isCaughtUp: boolean
      readonly changed: boolean
      /** The operator blocks it: held, and not passed on. */
      readonly isWithheld?: true
      readonly nowMs: number
    }
  | {
      readonly type: "announcements.fetched"
      readonly link: Link
      readonly documents: ReadonlyArray<JsonObject>
      readonly then: Message | undefined
    }
  | {
      readonly type: "peer.inspected"
      readonly layers: ReadonlyArray<VerifiedLayer>
      readonly contradiction?: Contradiction
    }
  /** Fewer than the limit: there are no more, or the store failed. */
  | {
      readonly type: "changes.read"
      readonly link: Link
      readonly changes: ReadonlyArray<{ readonly position: string; readonly announcement: Announcement }>
      readonly nowMs: number
    }
  | { readonly type: "values.proven"; readonly about: About; readonly values: ReadonlyArray<ProvenValue> }
  | { readonly type: "merge.failed"; readonly envelope: Envelope; readonly from: Link }

/** An event from one actor to another. */
export interface Told {
  readonly type: string
  readonly [fact: string]: unknown
}

type Params<T extends CommandType> = Omit<Extract<Command, { readonly type: T }>, "type">

/** The commands of a machine, for its `setup`: they do nothing there, the interpreter performs them. */
export const commands = <T extends CommandType>(...types: ReadonlyArray<T>): { [K in T]: (scope: unknown, params: Params<K>) => void } =>
  Object.fromEntries(types.map((type) => [type, () => {}])) as unknown as { [K in T]: (scope: unknown, params: Params<K>) => void }
