/**
 * Ports: what a node needs from the world, each with its promise.
 *
 * `runtime/live` and `runtime/store` provide them with sockets, clocks and disks; `sim` provides them with a virtual
 * network. Reading the time and drawing a number are ports too, but Effect has them already: `Clock` and `Random`.
 */
import { type Cause, Context, type Effect, Schema, type Scope, type Stream } from "effect"
import type { Happening } from "../actors/happening.ts"
import type { FrameFault } from "../protocol/wire/frame.ts"
import type { Dialect, Message } from "../protocol/wire/message.ts"
import type { Unreadable } from "../protocol/wire/spec-codec.ts"
import type { Contact } from "../protocol/dht/contact.ts"
import type { Block } from "../protocol/moderation/blocks.ts"
import type { Announcement, VerifiedAnnouncement } from "../protocol/gossip/announcement.ts"
import type { Observation } from "../protocol/gossip/kinds/attestation.ts"
import type { Belief } from "../protocol/gossip/authority.ts"
import type { SlotKey } from "../protocol/gossip/slot-set.ts"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import type { DeveloperId, EntityId, RegistryId } from "../protocol/identity/id.ts"
import type { PublicKey, Signature } from "../protocol/identity/key.ts"
import type { DeveloperEntry, DeveloperRecord } from "../protocol/records/developer.ts"
import type { EntityEntry, EntityRecord, EntityStatus, EntityType } from "../protocol/records/entity.ts"
import type { HandleEntry, NameEntry, NameFilter, NameVersion } from "../protocol/records/name.ts"
import type { PeerPin } from "../protocol/mesh/pin.ts"
import type { Address } from "../protocol/mesh/address.ts"
import type { Seconds } from "../protocol/time.ts"

// the mesh -----------------------------------------------------------------------------------------------------------

/** Nobody answered at that address, or not in time, or with less than TLS 1.3 and a key, or with a key that it does not prove. */
export class PeerUnreachable extends Schema.TaggedError<PeerUnreachable>()("PeerUnreachable", {
  address: Schema.String,
  reason: Schema.String,
}) {}

/** The address to listen on is taken, or not ours. */
export class ListenFailed extends Schema.TaggedError<ListenFailed>()("ListenFailed", {
  address: Schema.String,
  reason: Schema.String,
}) {}

/** What a connection tells its owner. Set once, before any of it can happen. */
export interface ConnectionEvents {
  /** Bytes as they arrive, in order, in pieces of any size. */
  readonly bytes: (chunk: Uint8Array) => void
  /** Once, at the end, whoever ended it. No bytes come after it. */
  readonly closed: (reason: string) => void
}

/**
 * An encrypted stream to another node whose key is proven.
 *
 * Bytes of one connection arrive in order or not at all; what was written shortly before a close may be lost. `write`
 * never blocks: it queues, and `queuedBytes` tells how much the other end has not taken yet. While `pauseReading` holds,
 * no bytes are delivered and the other end feels it. `close` is idempotent.
 */
export interface Connection {
  /** The key the other end proved in the handshake; nothing where it speaks the deployed dialect over plain TCP. */
  readonly remoteKey: PublicKey | undefined
  /** Host the other end was seen at, without a port. */
  readonly remoteHost: string
  /** Host of ours that the other end sees, as far as we know. */
  readonly localHost?: string
  readonly open: (events: ConnectionEvents) => void
  readonly write: (bytes: Uint8Array) => void
  readonly queuedBytes: () => number
  readonly pauseReading: () => void
  readonly resumeReading: () => void
  /** Ends it after what was written has gone out. */
  readonly close: () => void
}

/**
 * Connections to other nodes. `dial` may never answer: the caller brings its own patience. `dialect`: the one that will be spoken,
 * ours when absent; where the handshake is ours (plain TCP), the other end would not understand it in the deployed one. Who was
 * reached and does not understand it gets a connection that is over.
 */
export class Transport extends Context.Service<
  Transport,
  {
    readonly dial: (address: Address, dialect?: Dialect) => Effect.Effect<Connection, PeerUnreachable>
    /** Hands over each inbound connection until the scope closes; yields the address that is really listened on. */
    readonly listen: (accept: (connection: Connection) => void) => Effect.Effect<Address, ListenFailed, Scope.Scope>
  }
>()("agentdns/runtime/Transport") {}

/** One wake-up later. `cancel` is idempotent; what is cancelled never fires. Equal times fire in the order they were set. */
export class Timers extends Context.Service<
  Timers,
  { readonly after: (delayMs: number, fire: () => void) => { readonly cancel: () => void } }
>()("agentdns/runtime/Timers") {}

/**
 * What one chunk of a stream said. After a fault nothing more is said. `isHeard`: a frame was complete, though it may be no
 * message; when absent, that there are messages says so. `reply`: to be written at once.
 */
export interface Spoken {
  readonly messages: ReadonlyArray<Message | Unreadable>
  readonly fault?: FrameFault
  readonly isHeard?: boolean
  readonly reply?: Uint8Array
}

/** One connection in a dialect that remembers what was said on it. */
export interface Conversation {
  /** Whole frames, to be written in one piece; empty where there is nothing to say now. */
  readonly write: (message: Message, nowMs: number) => Uint8Array
  readonly read: (chunk: Uint8Array, nowMs: number) => Spoken
}

/**
 * Messages to bytes and back: framing and dialect, the pages' and the deployed one. The provider is the real codec (`codec.ts`); the simulator may remember
 * what bytes mean, so that they are read once, but never mean something else.
 */
export class Codec extends Context.Service<
  Codec,
  {
    /** A whole frame. */
    readonly write: (message: Message) => Uint8Array
    /** One for each stream. */
    readonly reader: () => (chunk: Uint8Array) => Spoken
    /** The deployed dialect, one for each connection. */
    readonly deployed: (ends: Pick<Connection, "localHost">) => Conversation
  }
>()("agentdns/runtime/Codec") {}

/** Hears what is worth telling people. Nothing of what it does comes back. */
export class Journal extends Context.Service<
  Journal,
  {
    readonly report: (happening: Happening) => void
    /** Our own fault. A simulation stops at it. */
    readonly defect: (cause: Cause.Cause<never>) => void
  }
>()("agentdns/runtime/Journal") {}

// keys ---------------------------------------------------------------------------------------------------------------

/** The registry's own key. The secret stays behind this port. */
export class Signer extends Context.Service<
  Signer,
  {
    readonly publicKey: PublicKey
    readonly registryId: RegistryId
    readonly sign: (message: Uint8Array | string) => Signature
    /** The same, not on this thread; called back once. Absent where one thread is all there is. */
    readonly signLater?: (text: string, done: (signature: Signature) => void) => void
  }
>()("agentdns/runtime/Signer") {}

/** A signature, and what it is said to be over. */
export interface SignatureCheck {
  readonly key: PublicKey
  readonly message: Uint8Array | string
  readonly signature: Signature
}

/** The strict Ed25519 verdict of `protocol/identity/ed25519.ts`; providers may remember verdicts, never change them. */
export class Verifier extends Context.Service<
  Verifier,
  {
    readonly verify: (key: PublicKey, message: Uint8Array | string, signature: Signature) => boolean
    /**
     * The same of several, one after the other, not on this thread: called back once, with the index of the first that does not
     * hold, or -1. Absent where one thread is all there is.
     */
    readonly firstBroken?: (checks: ReadonlyArray<SignatureCheck>, done: (index: number) => void) => void
    /** What `protocol/gossip/authority.ts` makes of a document. */
    readonly believe: (document: JsonObject, claimedId: string | undefined, nowMs: number) => Belief
    /** The same, not on this thread: called back once, in the order asked. Absent where one thread is all there is. */
    readonly believeLater?: (document: JsonObject, claimedId: string | undefined, nowMs: number, done: (belief: Belief) => void) => void
  }
>()("agentdns/runtime/Verifier") {}

// records ------------------------------------------------------------------------------------------------------------

/** The database is down, full, or refused. `reason` is for the operator; it never reaches a client. */
export class StoreFailed extends Schema.TaggedError<StoreFailed>()("StoreFailed", {
  operation: Schema.String,
  reason: Schema.String,
}) {}

/** Somebody registered it here before. */
export class AlreadyRegistered extends Schema.TaggedError<AlreadyRegistered>()("AlreadyRegistered", {
  id: Schema.String,
}) {}

/** Its signature came with other unsigned fields before (`protocol/records/replay.ts`). */
export class Replayed extends Schema.TaggedError<Replayed>()("Replayed", {
  id: Schema.String,
}) {}

/** A statement of ours, and our last word about that subject, which it goes on from: the id of a slot. */
export interface OwnWord {
  readonly announcement: VerifiedAnnouncement
  /** `undefined`: we have said nothing of it. */
  readonly follows: string | undefined
}

/** Our last word about a subject is another than the one that was gone on from, or what it is about is not there (any more). */
export class Overtaken extends Schema.TaggedError<Overtaken>()("Overtaken", {
  subject: Schema.String,
}) {}

/** What one registry saw of another, and when it said so. */
export interface Attested {
  readonly attester: RegistryId
  readonly observation: Observation
  readonly at: Seconds
}

/** What merging one announcement came to. */
export interface MergeOutcome {
  /** False: it was known already, or something later is. */
  readonly changed: boolean
  /** What is shown afterwards of the entity that it is about (`entityOf`); absent when that is deleted, or there is none. */
  readonly entity?: EntityEntry
  /** Registries whose claim had to give way and is not held any more. */
  readonly forgotten?: ReadonlyArray<RegistryId>
  /** More is held of it now than every node keeps of claims (`protocol/records/slots.ts`, `counted`). */
  readonly isCrowded?: true
  /** This one could not be merged, while others of the batch were: it is to come again. Of words of ours only (`own-words.ts`). */
  readonly hasFailed?: true
  /** An operator's block covers it: held, and neither shown nor passed on. Stores never say so, `outward.ts` does. */
  readonly isWithheld?: true
}

/** A slot that was written, and where in the order of writing. */
export interface Change {
  /** Two numbers with a point between. */
  readonly position: string
  readonly announcement: Announcement
}

/** Which of the entities that are registered here. Absent members do not filter. */
export interface EntityFilter {
  readonly entityType?: EntityType
  readonly category?: string
  readonly developerId?: DeveloperId
  readonly status?: EntityStatus
  readonly limit: number
  readonly offset: number
}

/** The different values that shown entities have, in order, at most `vocabularyMax` of each. */
export interface Vocabulary {
  readonly categories: ReadonlyArray<string>
  readonly tags: ReadonlyArray<string>
}

export interface StoreCounts {
  readonly localEntities: number
  readonly gossipEntities: number
  readonly developers: number
}

/**
 * The node's long-term memory (storage page). Local records win over gossiped ones in every read.
 *
 * Each write is one transaction and durable when it returns; of two at once, one comes first. A write that fails changes
 * nothing. Nothing is read that was not written whole.
 */
export class RecordStore extends Context.Service<
  RecordStore,
  {
    /** The entity as this node shows it: local before gossip, nothing when it is deleted. */
    readonly entity: (id: EntityId) => Effect.Effect<EntityEntry | undefined, StoreFailed>
    /** Several at once, in the order asked, unknown ones left out. */
    readonly entities: (ids: ReadonlyArray<EntityId>) => Effect.Effect<ReadonlyArray<EntityEntry>, StoreFailed>
    /** All that is shown, in no particular order: what indexes are rebuilt from. */
    readonly everyEntity: Stream.Stream<EntityEntry, StoreFailed>
    /** Entities that are registered here, the last updated first, then by id. */
    readonly list: (filter: EntityFilter) => Effect.Effect<ReadonlyArray<EntityEntry>, StoreFailed>
    readonly vocabulary: Effect.Effect<Vocabulary, StoreFailed>
    readonly developer: (id: DeveloperId) => Effect.Effect<DeveloperEntry | undefined, StoreFailed>
    /** Who holds this handle, at each registry that says so; ours first, then by registry id. Here and below: nothing that was given up. */
    readonly handles: (handle: string) => Effect.Effect<ReadonlyArray<HandleEntry>, StoreFailed>
    /** Handles that a developer holds, in the same order. */
    readonly handlesOf: (id: DeveloperId) => Effect.Effect<ReadonlyArray<HandleEntry>, StoreFailed>
    /** What names mean, ours first, then by registry, handle and name; only those whose developer holds the handle at that registry. */
    readonly names: (filter: NameFilter) => Effect.Effect<ReadonlyArray<NameEntry>, StoreFailed>
    /** What a name of ours has meant since it was bound, newest first. */
    readonly versions: (handle: string, name: string) => Effect.Effect<ReadonlyArray<NameVersion>, StoreFailed>
    /** What others say they saw of a registry, by attester. */
    readonly attestations: (subject: RegistryId) => Effect.Effect<ReadonlyArray<Attested>, StoreFailed>
    /** Registries whose identity proof names this host, by id. */
    readonly registriesAt: (host: string) => Effect.Effect<ReadonlyArray<RegistryId>, StoreFailed>
    readonly counts: Effect.Effect<StoreCounts, StoreFailed>
    /** What every registry last said about a subject, ranked (`protocol/records/slots.ts`). */
    readonly slots: (subject: string) => Effect.Effect<ReadonlyArray<Announcement>, StoreFailed>

    /** Every slot, in no particular order: what anti-entropy compares. */
    readonly everySlot: Stream.Stream<SlotKey, StoreFailed>
    /**
     * Slots in the order in which they were written, tombstones among them; of one that was written again only the last
     * time. What is written while others read comes after all that they were shown.
     */
    readonly changes: (after: string | undefined, limit: number) => Effect.Effect<ReadonlyArray<Change>, StoreFailed>
    /** Documents of announcements that are still held, by id, in no particular order. */
    readonly documents: (ids: ReadonlyArray<string>) => Effect.Effect<ReadonlyArray<JsonObject>, StoreFailed>

    /**
     * Our own statements, all or none; what is local follows from them: an update changes its entity, a
     * developer's announcement its developer, a claim its handle, a binding its name.
     */
    readonly say: (words: ReadonlyArray<OwnWord>) => Effect.Effect<void, Overtaken | StoreFailed>
    /**
     * A registration by a client of ours: the record, its announcement and, when `developer` is not there yet, the developer;
     * `also` is said with it, or nothing is done at all. `introduction` announces that there is such a developer: it is said where
     * no registry has said anything of it; whether it was, is the answer.
     */
    readonly register: (registration: {
      readonly record: EntityRecord
      readonly developer: DeveloperRecord
      readonly announcement: VerifiedAnnouncement
      readonly also?: ReadonlyArray<OwnWord>
      readonly introduction?: VerifiedAnnouncement
    }) => Effect.Effect<boolean, AlreadyRegistered | Overtaken | Replayed | StoreFailed>
    /** Ends a registration of ours; `announcement` is the tombstone, `also` what ends with it (`say`). False when there was none. */
    readonly deregister: (
      id: EntityId,
      announcement: VerifiedAnnouncement,
      also?: ReadonlyArray<OwnWord>,
    ) => Effect.Effect<boolean, Overtaken | StoreFailed>
    /** What was heard from the mesh, in order, in one transaction; one outcome each. What `self` said gives way to nobody's claim. */
    readonly merge: (
      announcements: ReadonlyArray<VerifiedAnnouncement>,
      nowMs: number,
      self?: RegistryId,
    ) => Effect.Effect<ReadonlyArray<MergeOutcome>, StoreFailed>

    /** An entity of ours gave a sign of life at this moment. False when there is none. Never goes back. */
    readonly beat: (id: EntityId, at: Seconds) => Effect.Effect<boolean, StoreFailed>
    /** Entities of ours that count as active and gave no sign of life since this moment. */
    readonly silentSince: (at: Seconds) => Effect.Effect<ReadonlyArray<EntityEntry>, StoreFailed>
    /** Forgets tombstones that have outlived their purpose; which they were. */
    readonly expire: (nowMs: number) => Effect.Effect<ReadonlyArray<Pick<SlotKey, "subject" | "origin">>, StoreFailed>

    /** Keys that were met at an address (TOFU). A later `pin` of the same address replaces it: `protocol/mesh/pin.ts` decides whether it may. */
    readonly pins: Effect.Effect<ReadonlyArray<PeerPin>, StoreFailed>
    readonly pin: (pin: PeerPin) => Effect.Effect<void, StoreFailed>

    /** Whom the DHT knew when it was asked last, in that order: `remember` replaces them all. */
    readonly contacts: Effect.Effect<ReadonlyArray<Contact>, StoreFailed>
    readonly remember: (contacts: ReadonlyArray<Contact>) => Effect.Effect<void, StoreFailed>

    /** What the operator blocks, the oldest first, then by subject. Only kept here: what follows from it is in `outward.ts`. */
    readonly blocks: Effect.Effect<ReadonlyArray<Block>, StoreFailed>
    /** One of the same subject is replaced. */
    readonly block: (block: Block) => Effect.Effect<void, StoreFailed>
    /** False when there was none. */
    readonly unblock: (subject: string) => Effect.Effect<boolean, StoreFailed>
  }
>()("agentdns/runtime/RecordStore") {}
