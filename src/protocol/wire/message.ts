/**
 * Messages: what one frame says, in our own words. A codec (`spec-codec.ts`, `agentdns-codec.ts`) writes and reads
 * them; nothing above it knows which dialect is spoken.
 */
import type { ContentId } from "../gossip/announcement.ts"
import type { Contact } from "../dht/contact.ts"
import type { DhtKey } from "../dht/key.ts"
import type { Beacon } from "../gossip/tree.ts"
import type { JsonObject } from "../identity/canonical-json.ts"
import type { Quirks } from "../agentdns/quirks.ts"
import type { DeveloperId, EntityId, RegistryId } from "../identity/id.ts"
import type { PublicKey } from "../identity/key.ts"
import type { Address } from "../mesh/address.ts"
import type { EntityStatus } from "../records/entity.ts"
import type { FilterNews } from "../search/home-filter.ts"
import type { Question } from "../search/question.ts"
import type { Seconds } from "../time.ts"

/** The first message in each direction: the dialler speaks first, the listener answers with its own (mesh, "Joining the mesh"). */
export interface Hello {
  readonly type: "HELLO"
  readonly nodeId: RegistryId
  readonly publicKey: PublicKey
  readonly version: string
  readonly capabilities: ReadonlyArray<string>
  /** Two networks never mix. */
  readonly network: string
  readonly role: Role
  /** The port it listens on, 0 when it cannot be dialled. */
  readonly listenPort: number
  /** The host to dial, where it differs from the one it is seen at (NAT, Docker). */
  readonly advertisedHost?: string
  /** Entities it is home to. */
  readonly agentCount: number
  /** Of the one who dials: greater with every dial of its, so that of two links both ends know which is the newer. */
  readonly dial?: number
  /** Comes for DHT questions only: it takes no place among the peers, and is told no gossip. */
  readonly purpose?: "dht"
  /** What its operator calls it: only the deployed dialect says so. */
  readonly name?: string
  /** Said in the deployed dialect by who would rather speak the pages'. */
  readonly isBilingual?: true
  /** What is to be borne in mind with it; absent for all who speak the pages' dialect. */
  readonly quirks?: Quirks
}

export type Role = "full" | "light" | "gateway" | "bootnode"

/** The pages' dialect, and the one that deployed nodes speak. */
export type Dialect = "spec" | "agentdns"

/** Liveness, peers and counts (mesh, "Wire protocol"). `wantsAnswer` is a probe: the receiver answers with one of its own, which says that it is one (`isAnswer`; ours). */
export interface Heartbeat {
  readonly type: "HEARTBEAT"
  /** As it was said: an id, or a host (the page's example). The link knows better who speaks. */
  readonly registryId: string
  readonly at: Seconds
  readonly peers: ReadonlyArray<PeerHint>
  readonly agentCount: number
  readonly serviceCount: number
  readonly wantsAnswer: boolean
  readonly isAnswer?: boolean
  /** What is new in the filter over what the sender is home to. */
  readonly filter?: FilterNews
  /** Version of the receiver's filter that the sender holds, 0 for none; absent where it does not follow changes. */
  readonly filterKnown?: number
}

export interface PeerHint {
  readonly address: Address
  readonly reputation: number
}

/**
 * One announcement, as its origin signed it, and how many nodes have forwarded it. The id is the sender's claim.
 *
 * Most of these are duplicates, and an id is enough to know one; so the document is read when somebody wants it. It is
 * `undefined` when the frame turns out to be no such message after all.
 */
export interface Gossip {
  readonly type: "GOSSIP"
  readonly id: ContentId
  readonly hopCount: number
  readonly document: () => JsonObject | undefined
}

/** "I hold these": told lazily over links that do not carry whole announcements (Plumtree; a capability of ours). */
export interface IHave {
  readonly type: "IHAVE"
  readonly ids: ReadonlyArray<ContentId>
}

/** "Send me these, and whole ones from now on." */
export interface Graft {
  readonly type: "GRAFT"
  readonly ids: ReadonlyArray<ContentId>
}

/** "I had that already, and you are not in my tree: ids are enough from now on." */
export interface Prune {
  readonly type: "PRUNE"
}

/** Which way the tree's root is (`protocol/gossip/tree.ts`). `isParent`: the receiver is the sender's way to it. */
export interface BeaconMessage {
  readonly type: "BEACON"
  readonly beacon: Beacon
  readonly isParent: boolean
}

/** One step of a reconciliation (`protocol/gossip/reconcile.ts`; a capability of ours). The salt is the asker's. */
export type Reconcile =
  | { readonly type: "RECONCILE"; readonly step: "compare"; readonly salt: string; readonly digest: string }
  | { readonly type: "RECONCILE"; readonly step: "same" }
  | { readonly type: "RECONCILE"; readonly step: "split"; readonly bits: number; readonly digests: Uint8Array }
  | { readonly type: "RECONCILE"; readonly step: "list"; readonly salt: string; readonly bits: number; readonly listed: Uint8Array }
  /** `isWhole`: there is no more than this. */
  | { readonly type: "RECONCILE"; readonly step: "want"; readonly short: Uint8Array; readonly isWhole: boolean }
  | { readonly type: "RECONCILE"; readonly step: "records"; readonly documents: ReadonlyArray<JsonObject> }

/** "What do you hold about this?": an entity, a developer, a name (a capability of ours). */
export interface Ask {
  readonly type: "ASK"
  readonly request: number
  /** A subject in its inner spelling. */
  readonly subject: string
}

export interface Answer {
  readonly type: "ANSWER"
  readonly request: number
  readonly documents: ReadonlyArray<JsonObject>
  /** What it says of it and cannot prove. */
  readonly hearsay?: ReadonlyArray<Hearsay>
}

/** 32 hex digits, drawn by whoever asks; the same wherever the query is passed on. */
export type QueryId = string & { readonly QueryId: unique symbol }

/** Federated search (mesh page). `hops` 0: of what the receiver is home to; above, of all that it holds, and it may pass it on. */
export interface Query {
  readonly type: "QUERY"
  readonly id: QueryId
  readonly hops: number
  /** How long the asker waits. */
  readonly withinMs: number
  /** Entities wanted. */
  readonly most: number
  readonly question: Question
}

/** The best entities, best first: each proves itself. */
export interface QueryAck {
  readonly type: "QUERY_ACK"
  readonly id: QueryId
  /** Entities that match, as the answerer counts. */
  readonly total: number
  readonly documents: ReadonlyArray<JsonObject>
  /** What it found and cannot prove. */
  readonly hearsay?: ReadonlyArray<Hearsay>
}

/** A search result, or a value of the deployed DHT, as its sender tells it: nobody signed it. */
export interface Hearsay {
  readonly entityId: EntityId
  readonly name: string
  readonly summary: string
  readonly category: string
  readonly tags: ReadonlyArray<string>
  /** Where it says that the entity is registered. */
  readonly home: RegistryId
  readonly status: EntityStatus
  readonly developerId?: DeveloperId
}

/**
 * Kademlia's questions and their answers (mesh page, "Kademlia DHT"). `nodes`: the closest to the target that the answerer
 * knows. VALUES has what it holds for the key, and the closest to the target, which is the key itself or a mirror of it
 * (`protocol/dht/crowding.ts`). Values are documents: whoever gets them proves them.
 */
export type Dht =
  | { readonly type: "DHT"; readonly op: "PING" | "PONG"; readonly request: number }
  | { readonly type: "DHT"; readonly op: "FIND_NODE"; readonly request: number; readonly target: DhtKey }
  | { readonly type: "DHT"; readonly op: "NODES"; readonly request: number; readonly nodes: ReadonlyArray<Contact> }
  | { readonly type: "DHT"; readonly op: "FIND_VALUE"; readonly request: number; readonly key: DhtKey; readonly target: DhtKey }
  | {
      readonly type: "DHT"
      readonly op: "VALUES"
      readonly request: number
      readonly values: ReadonlyArray<JsonObject>
      readonly nodes: ReadonlyArray<Contact>
    }
  | {
      readonly type: "DHT"
      readonly op: "STORE"
      readonly request: number
      readonly key: DhtKey
      readonly values: ReadonlyArray<JsonObject>
    }
  /** `stored`: of the values, how many were taken. */
  | { readonly type: "DHT"; readonly op: "STORED"; readonly request: number; readonly stored: number }

export type Message = Hello | Heartbeat | Gossip | IHave | Graft | Prune | BeaconMessage | Reconcile | Ask | Answer | Query | QueryAck | Dht
export type MessageType = Message["type"]

/** What a node of ours can do beyond the pages, as HELLO says it. */
export const capabilities = { lazyPush: "plumtree/1", reconcile: "reconcile/1", ask: "ask/1", dht: "dht/1" } as const
