/**
 * The dialect of the mesh page: one flat JSON object a frame, `type` in upper case, ids spelled `agdns:`.
 *
 * `read` believes nothing: what is no JSON object of a known type and the right shape is a fault with a reason that can be
 * counted. Members that a type does not have are ignored, so that a newer node can say more.
 */
import { Result, Schema } from "effect"
import type { ContentId } from "../gossip/announcement.ts"
import type { JsonObject } from "../identity/canonical-json.ts"
import { readJson } from "../identity/json-text.ts"
import { onWire, readRegistryId, RegistryIdText } from "../identity/id.ts"
import { readKey } from "../identity/key.ts"
import { answerDocumentsMax, heartbeatPeersMax, idsPerMessageMax, reconciledAtOnceMax } from "../limits.ts"
import { hostShape } from "../mesh/address.ts"
import { readTime, writeTime } from "../time.ts"
import { filterMembers, filterText, queryAckText, queryText, readFilter, readQuery, readQueryAck } from "./query-codec.ts"
import { dhtText, readDht } from "./dht-codec.ts"
import type { Answer, Ask, BeaconMessage, Gossip, Graft, Heartbeat, Hello, IHave, Message, Reconcile } from "./message.ts"

/** Why a frame is no message. The reason is one of a few words, so that it can be a counter's name. */
export interface Unreadable {
  readonly type: "unreadable"
  readonly reason: "not-json" | "not-a-message" | "unknown-type" | "malformed"
}
const unreadable = (reason: Unreadable["reason"]): Unreadable => ({ type: "unreadable", reason })

export const isUnreadable = (read: Message | Unreadable): read is Unreadable => read.type === "unreadable"

/** The payload of one frame. */
export const write = (message: Message): Uint8Array => Buffer.from(writeText(message))

const writeText = (message: Message): string => {
  switch (message.type) {
    case "GOSSIP":
      return JSON.stringify({ type: "GOSSIP", id: message.id, hop_count: message.hopCount, announcement: message.document() })
    case "HELLO":
      return JSON.stringify({
        type: "HELLO",
        node_id: onWire(message.nodeId),
        public_key: message.publicKey,
        version: message.version,
        capabilities: message.capabilities,
        network: message.network,
        role: message.role,
        listen_port: message.listenPort,
        advertised_host: message.advertisedHost,
        agent_count: message.agentCount,
        ...(message.dial !== undefined && { dial: message.dial }),
        purpose: message.purpose,
      })
    case "HEARTBEAT":
      return JSON.stringify({
        type: "HEARTBEAT",
        registry_id: message.registryId,
        timestamp: writeTime(message.at),
        peers: message.peers.map(({ address, reputation }) => ({ host: address.host, port: address.port, reputation })),
        agent_count: message.agentCount,
        service_count: message.serviceCount,
        ...(message.wantsAnswer && { wants_answer: true }),
        ...(message.isAnswer === true && { answer: true }),
        ...filterText(message.filter, message.filterKnown),
      })
    case "IHAVE":
    case "GRAFT":
    case "PRUNE":
      return JSON.stringify(message)
    case "BEACON": {
      const { root, epoch, distance } = message.beacon
      return JSON.stringify({ type: "BEACON", root: onWire(root), epoch, distance, parent: message.isParent })
    }
    case "RECONCILE":
      return JSON.stringify(reconcileText(message))
    case "ASK":
      return JSON.stringify(message)
    case "DHT":
      return JSON.stringify(dhtText(message))
    case "ANSWER":
      return JSON.stringify({ type: "ANSWER", request: message.request, announcements: message.documents })
    case "QUERY":
      return JSON.stringify(queryText(message))
    case "QUERY_ACK":
      return JSON.stringify(queryAckText(message))
  }
}

const reconcileText = (message: Reconcile): object => {
  switch (message.step) {
    case "split":
      return { type: "RECONCILE", step: "split", bits: message.bits, digests: base64(message.digests) }
    case "list":
      return { type: "RECONCILE", step: "list", salt: message.salt, bits: message.bits, ids: base64(message.listed) }
    case "want":
      return { type: "RECONCILE", step: "want", ids: base64(message.short), whole: message.isWhole }
    case "records":
      return { type: "RECONCILE", step: "records", announcements: message.documents }
    case "compare":
    case "same":
      return message
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("base64")

/** The message of one frame's payload, or why there is none. */
export const read = (payload: Uint8Array): Message | Unreadable => peekGossip(payload) ?? readWhole(payload)

const readWhole = (payload: Uint8Array): Message | Unreadable => {
  const value = parse(payload)
  if (typeof value !== "object" || value === null || Array.isArray(value))
    return unreadable(value === undefined ? "not-json" : "not-a-message")
  switch ((value as { readonly type?: unknown }).type) {
    case "GOSSIP":
      return readGossip(value)
    case "HEARTBEAT":
      return readHeartbeat(value)
    case "HELLO":
      return readHello(value)
    case "IHAVE":
    case "GRAFT":
      return readIds(value)
    case "PRUNE":
      return { type: "PRUNE" }
    case "BEACON":
      return readBeacon(value)
    case "RECONCILE":
      return readReconcile(value)
    case "ASK":
      return readAsk(value)
    case "ANSWER":
      return readAnswer(value)
    case "QUERY":
      return readQuery(value) ?? unreadable("not-a-message")
    case "QUERY_ACK":
      return readQueryAck(value) ?? unreadable("not-a-message")
    case "DHT":
      return readDht(value) ?? unreadable("not-a-message")
  }
  return unreadable("unknown-type")
}

/** `undefined` for what is no JSON in UTF-8. */
const parse = (payload: Uint8Array): unknown => {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)
  const text = bytes.toString()
  // what is no UTF-8 decodes to the replacement character, and does not encode back to the same bytes
  return text.includes("\ufffd") && !bytes.equals(Buffer.from(text)) ? undefined : readJson(text)
}

/**
 * A GOSSIP frame as `write` makes it shows its id in the first bytes; the rest is read when it is wanted, and counts only
 * if the whole says the same. Any other spelling of the same message is read at once.
 */
const peekGossip = (payload: Uint8Array): Gossip | undefined => {
  const head = Buffer.from(payload.buffer, payload.byteOffset, Math.min(payload.byteLength, gossipHeadBytesMax)).toString("latin1")
  const match = gossipHead.exec(head)
  if (match === null) return undefined
  const id = match[1] as ContentId
  const hopCount = Number(match[2])
  return {
    type: "GOSSIP",
    id,
    hopCount,
    document: remembered(() => {
      const whole = readWhole(payload)
      return whole.type === "GOSSIP" && whole.id === id && whole.hopCount === hopCount ? whole.document() : undefined
    }),
  }
}

const gossipHead = /^\{"type":"GOSSIP","id":"([0-9a-f]{32})","hop_count":(0|[1-9]\d{0,2}),"announcement":\{/
const gossipHeadBytesMax = 100

const remembered = <A>(read: () => A): (() => A) => {
  let known: { readonly value: A } | undefined
  return () => (known ??= { value: read() }).value
}

// the shapes ---------------------------------------------------------------------------------------------------------

const Count = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000_000_000 }))
const Port = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 65_535 }))
const Host = Schema.String.check(Schema.isPattern(hostShape))
const Word = Schema.String.check(Schema.isMaxLength(64))

const GossipShape = Schema.Struct({
  id: Schema.String.check(Schema.isPattern(/^[0-9a-f]{32}$/)),
  hop_count: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000 })),
  announcement: Schema.Unknown,
})
const decodeGossip = Schema.decodeUnknownResult(GossipShape)

const readGossip = (value: object): Gossip | Unreadable => {
  const decoded = decodeGossip(value)
  if (Result.isFailure(decoded)) return unreadable("not-a-message")
  const { id, hop_count, announcement } = decoded.success
  return typeof announcement === "object" && announcement !== null && !Array.isArray(announcement)
    ? { type: "GOSSIP", id: id as ContentId, hopCount: hop_count, document: () => announcement as JsonObject }
    : unreadable("not-a-message")
}

const IdsShape = Schema.Struct({
  type: Schema.Literals(["IHAVE", "GRAFT"]),
  ids: Schema.Array(Schema.String.check(Schema.isPattern(/^[0-9a-f]{32}$/))).check(Schema.isMaxLength(idsPerMessageMax)),
})
const decodeIds = Schema.decodeUnknownResult(IdsShape)

const readIds = (value: object): IHave | Graft | Unreadable => {
  const decoded = decodeIds(value)
  return Result.isFailure(decoded)
    ? unreadable("not-a-message")
    : { type: decoded.success.type, ids: decoded.success.ids as ReadonlyArray<ContentId> }
}

const BeaconShape = Schema.Struct({
  root: RegistryIdText,
  epoch: Schema.Int,
  distance: Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 1_000 })),
  parent: Schema.Boolean,
})
const decodeBeacon = Schema.decodeUnknownResult(BeaconShape)

const readBeacon = (value: object): BeaconMessage | Unreadable => {
  const decoded = decodeBeacon(value)
  if (Result.isFailure(decoded)) return unreadable("not-a-message")
  const { root, epoch, distance, parent } = decoded.success
  return { type: "BEACON", beacon: { root: readRegistryId(root)!, epoch, distance }, isParent: parent }
}

const Salt = Schema.String.check(Schema.isMaxLength(32))
const Bits = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: 16 }))
const ReconcileShape = Schema.Union([
  Schema.Struct({ step: Schema.Literal("compare"), salt: Salt, digest: Salt }),
  Schema.Struct({ step: Schema.Literal("same") }),
  Schema.Struct({ step: Schema.Literal("split"), bits: Bits, digests: Schema.String }),
  Schema.Struct({ step: Schema.Literal("list"), salt: Salt, bits: Bits, ids: Schema.String }),
  Schema.Struct({ step: Schema.Literal("want"), ids: Schema.String, whole: Schema.Boolean }),
  Schema.Struct({
    step: Schema.Literal("records"),
    announcements: Schema.Array(Schema.Unknown).check(Schema.isMaxLength(reconciledAtOnceMax)),
  }),
])
const decodeReconcile = Schema.decodeUnknownResult(ReconcileShape)

const readReconcile = (value: object): Reconcile | Unreadable => {
  const decoded = decodeReconcile(value)
  if (Result.isFailure(decoded)) return unreadable("not-a-message")
  const said = decoded.success
  switch (said.step) {
    case "compare":
    case "same":
      return { type: "RECONCILE", ...said }
    case "split":
      return { type: "RECONCILE", step: "split", bits: said.bits, digests: Buffer.from(said.digests, "base64") }
    case "list":
      return { type: "RECONCILE", step: "list", salt: said.salt, bits: said.bits, listed: Buffer.from(said.ids, "base64") }
    case "want":
      return { type: "RECONCILE", step: "want", short: Buffer.from(said.ids, "base64"), isWhole: said.whole }
    case "records":
      return said.announcements.every(isObject)
        ? { type: "RECONCILE", step: "records", documents: said.announcements as ReadonlyArray<JsonObject> }
        : unreadable("not-a-message")
  }
}

const Request = Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))
const decodeAsk = Schema.decodeUnknownResult(Schema.Struct({ request: Request, subject: Schema.String.check(Schema.isMaxLength(400)) }))
const decodeAnswer = Schema.decodeUnknownResult(
  Schema.Struct({ request: Request, announcements: Schema.Array(Schema.Unknown).check(Schema.isMaxLength(answerDocumentsMax)) }),
)

const readAsk = (value: object): Ask | Unreadable => {
  const decoded = decodeAsk(value)
  return Result.isFailure(decoded) ? unreadable("not-a-message") : { type: "ASK", ...decoded.success }
}

const readAnswer = (value: object): Answer | Unreadable => {
  const decoded = decodeAnswer(value)
  if (Result.isFailure(decoded) || !decoded.success.announcements.every(isObject)) return unreadable("not-a-message")
  return { type: "ANSWER", request: decoded.success.request, documents: decoded.success.announcements as ReadonlyArray<JsonObject> }
}

const isObject = (value: unknown): boolean => typeof value === "object" && value !== null && !Array.isArray(value)

const HelloShape = Schema.Struct({
  node_id: RegistryIdText,
  public_key: Schema.String,
  version: Word,
  capabilities: Schema.optionalKey(Schema.Array(Word).check(Schema.isMaxLength(32))),
  network: Schema.optionalKey(Word),
  role: Schema.optionalKey(Schema.Literals(["full", "light", "gateway", "bootnode"])),
  listen_port: Schema.optionalKey(Port),
  advertised_host: Schema.optionalKey(Host),
  agent_count: Schema.optionalKey(Count),
  dial: Schema.optionalKey(Schema.Int.check(Schema.isBetween({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER }))),
  purpose: Schema.optionalKey(Word),
})
const decodeHello = Schema.decodeUnknownResult(HelloShape)

/** The network that a HELLO without a name belongs to. */
export const publicNetwork = "public"

const readHello = (value: object): Hello | Unreadable => {
  const decoded = decodeHello(value)
  if (Result.isFailure(decoded)) return unreadable("not-a-message")
  const said = decoded.success
  const publicKey = readKey(said.public_key)
  if (publicKey === undefined) return unreadable("not-a-message")
  return {
    type: "HELLO",
    nodeId: readRegistryId(said.node_id)!,
    publicKey,
    version: said.version,
    capabilities: said.capabilities ?? [],
    network: said.network ?? publicNetwork,
    role: said.role ?? "full",
    listenPort: said.listen_port ?? 0,
    ...(said.advertised_host !== undefined && { advertisedHost: said.advertised_host }),
    agentCount: said.agent_count ?? 0,
    ...(said.dial !== undefined && { dial: said.dial }),
    ...(said.purpose === "dht" && { purpose: said.purpose }),
  }
}

const HeartbeatShape = Schema.Struct({
  registry_id: Schema.String.check(Schema.isMaxLength(253)),
  timestamp: Schema.String,
  peers: Schema.optionalKey(
    Schema.Array(Schema.Struct({ host: Host, port: Port, reputation: Schema.optionalKey(Schema.Finite) })).check(
      Schema.isMaxLength(heartbeatPeersMax),
    ),
  ),
  agent_count: Schema.optionalKey(Count),
  service_count: Schema.optionalKey(Count),
  wants_answer: Schema.optionalKey(Schema.Boolean),
  answer: Schema.optionalKey(Schema.Boolean),
  ...filterMembers,
})
const decodeHeartbeat = Schema.decodeUnknownResult(HeartbeatShape)

const readHeartbeat = (value: object): Heartbeat | Unreadable => {
  const decoded = decodeHeartbeat(value)
  if (Result.isFailure(decoded)) return unreadable("not-a-message")
  const said = decoded.success
  const at = readTime(said.timestamp)
  if (at === undefined) return unreadable("not-a-message")
  const filter = readFilter(said)
  return {
    type: "HEARTBEAT",
    registryId: said.registry_id,
    at,
    peers: (said.peers ?? []).map(({ host, port, reputation }) => ({ address: { host, port }, reputation: reputation ?? 1 })),
    agentCount: said.agent_count ?? 0,
    serviceCount: said.service_count ?? 0,
    wantsAnswer: said.wants_answer ?? false,
    ...(said.answer === true && { isAnswer: true }),
    ...(filter !== undefined && { filter }),
    ...(said.bloom_known !== undefined && { filterKnown: said.bloom_known }),
  }
}
