/**
 * Frames of the deployed dialect: an envelope `{"type", "payload"}`, in the bytes that the deployed node writes. What they
 * mean to us, and what is remembered of a link, is in `agentdns-dialogue.ts`.
 *
 * Read with bounds on all of it, and as leniently as that node reads: unknown members do not matter, nor their order. What
 * is no envelope ends the connection, as it does there; a payload that does not decode is skipped.
 */
import { Result, Schema } from "effect"
import { htmlEscaped, type JsonObject } from "../identity/canonical-json.ts"
import { readAnyJson } from "../identity/json-text.ts"
import { textIn } from "../agentdns/go-json.ts"
import { deployedFilterBitsMax, deployedRequestIdMax } from "../agentdns/limits.ts"
import { answeredEntitiesMax, dhtBucketSize, filterHashesMax } from "../limits.ts"
import type { Unreadable } from "./spec-codec.ts"

export interface DeployedHello {
  readonly registry_id: string
  readonly name: string
  readonly public_key: string
  readonly agent_count: number
  readonly version: string
  readonly listen_port: number
}

export interface DeployedHeartbeat {
  readonly registry_id: string
  readonly agent_count: number
  readonly bloom_filter?: string
  readonly bloom_size?: number
  readonly bloom_hashes?: number
  readonly peer_addrs?: ReadonlyArray<string>
}

interface DeployedSearch {
  readonly request_id: string
  /** The body of a REST search. */
  readonly request: JsonObject
  readonly origin_id: string
  readonly ttl: number
}

interface DeployedSearchAck {
  readonly request_id: string
  readonly results: ReadonlyArray<JsonObject>
  readonly stats?: JsonObject
}

/** 32 numbers, 0 … 255. */
export type DeployedKey = ReadonlyArray<number>

export interface DeployedDht {
  readonly type: string
  readonly sender_id: DeployedKey
  readonly request_id?: string
  readonly sender_addr?: string
  readonly key: DeployedKey
  readonly record?: JsonObject
  readonly target: DeployedKey
  readonly nodes?: ReadonlyArray<DeployedNode>
  readonly value?: JsonObject
  readonly ok?: boolean
  readonly timestamp: string
}

interface DeployedNode {
  readonly id: DeployedKey
  readonly address: string
  /** Seconds since 1970. */
  readonly last_seen: number
}

export type Said =
  | { readonly type: "hello"; readonly payload: DeployedHello }
  | { readonly type: "heartbeat"; readonly payload: DeployedHeartbeat }
  | { readonly type: "gossip"; readonly announcement: JsonObject }
  | { readonly type: "search"; readonly payload: DeployedSearch }
  | { readonly type: "search_ack"; readonly payload: DeployedSearchAck }
  | { readonly type: "dht"; readonly payload: DeployedDht }

// writing ------------------------------------------------------------------------------------------------------------

/** The payload of one frame. `announcement`: its text, where it is written already. */
export const writeSaid = (said: Exclude<Said, { readonly type: "gossip" }>): Uint8Array => {
  switch (said.type) {
    case "hello":
      return envelope("hello", text(inOrder(helloMembers, said.payload)))
    case "heartbeat":
      return envelope("heartbeat", text(inOrder(heartbeatMembers, said.payload)))
    case "search":
      return envelope("search", text(inOrder(searchMembers, said.payload)))
    case "search_ack":
      return envelope("search_ack", text(inOrder(searchAckMembers, said.payload)))
    case "dht":
      return envelope("dht", text(inOrder(dhtMembers, said.payload)))
  }
}

/** `announcement` as the deployed node writes it. */
export const writeGossip = (announcement: string): Uint8Array => envelope("gossip", `{"announcement":${announcement}}`)

const envelope = (type: Said["type"], payload: string): Uint8Array => Buffer.from(`{"type":"${type}","payload":${payload}}`)

const text = (value: object): string =>
  htmlEscaped(JSON.stringify(value, (_, member: unknown) => (typeof member === "string" ? member.toWellFormed() : member)))

/** Members in the order of the deployed structs; absent ones are left out. */
const inOrder = (names: ReadonlyArray<string>, value: object): object =>
  Object.fromEntries(names.flatMap((name) => (name in value ? [[name, (value as JsonObject)[name]]] : [])))

const helloMembers = ["registry_id", "name", "public_key", "agent_count", "version", "listen_port"]
const heartbeatMembers = ["registry_id", "agent_count", "bloom_filter", "bloom_size", "bloom_hashes", "peer_addrs"]
const searchMembers = ["request_id", "request", "origin_id", "ttl"]
const searchAckMembers = ["request_id", "results", "stats"]
const dhtMembers = ["type", "sender_id", "request_id", "sender_addr", "key", "record", "target", "nodes", "value", "ok", "timestamp"]

// reading ------------------------------------------------------------------------------------------------------------

/** What the payload of one frame says, or why it says nothing. */
export const readSaid = (payload: Uint8Array): Said | Unreadable => {
  const value = readAnyJson(textIn(Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength)))
  if (value === undefined) return unreadable("not-json")
  if (!isObject(value) || typeof value["type"] !== "string") return unreadable("not-a-message")
  const said = value["payload"] ?? {}
  if (!isObject(said)) return unreadable("malformed")
  switch (value["type"]) {
    case "hello":
      return sayIf("hello", decodeHello(said))
    case "heartbeat":
      return sayIf("heartbeat", decodeHeartbeat(said))
    case "gossip":
      return isObject(said["announcement"]) ? { type: "gossip", announcement: said["announcement"] } : unreadable("malformed")
    case "search":
      return sayIf("search", decodeSearch(said))
    case "search_ack":
      return sayIf("search_ack", decodeSearchAck(said))
    case "dht":
      return sayIf("dht", decodeDht(said))
  }
  return unreadable("unknown-type")
}

const unreadable = (reason: Unreadable["reason"]): Unreadable => ({ type: "unreadable", reason })

const sayIf = (type: Said["type"], decoded: Result.Result<object, unknown>): Said | Unreadable =>
  Result.isFailure(decoded) ? unreadable("malformed") : ({ type, payload: decoded.success } as Said)

const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value)

const Int = (minimum: number, maximum: number) => Schema.Int.check(Schema.isBetween({ minimum, maximum }))
const upTo = (charactersMax: number) => Schema.String.check(Schema.isMaxLength(charactersMax))
const optional = <S extends Schema.Top>(schema: S) => Schema.optionalKey(Schema.NullOr(schema))
/** Missing and null are what zero is. */
const or = <A>(value: A | null | undefined, zero: A): A => value ?? zero

const HelloShape = Schema.Struct({
  registry_id: upTo(128),
  name: optional(upTo(1_024)),
  public_key: upTo(128),
  agent_count: optional(Int(0, 1_000_000_000)),
  version: optional(upTo(64)),
  listen_port: optional(Int(0, 65_535)),
})
const readHelloShape = Schema.decodeUnknownResult(HelloShape)
const decodeHello = (said: JsonObject): Result.Result<DeployedHello, unknown> =>
  Result.map(readHelloShape(said), ({ agent_count, listen_port, name, public_key, registry_id, version }) => ({
    registry_id,
    name: or(name, ""),
    public_key,
    agent_count: or(agent_count, 0),
    version: or(version, ""),
    listen_port: or(listen_port, 0),
  }))

const HeartbeatShape = Schema.Struct({
  registry_id: optional(upTo(253)),
  agent_count: optional(Int(0, 1_000_000_000)),
  bloom_filter: optional(Schema.String),
  bloom_size: optional(Int(0, deployedFilterBitsMax)),
  bloom_hashes: optional(Int(0, filterHashesMax)),
  peer_addrs: optional(Schema.Array(Schema.String)),
})
const readHeartbeatShape = Schema.decodeUnknownResult(HeartbeatShape)
const decodeHeartbeat = (said: JsonObject): Result.Result<DeployedHeartbeat, unknown> =>
  Result.map(readHeartbeatShape(said), ({ agent_count, registry_id, ...others }) => ({
    registry_id: or(registry_id, ""),
    agent_count: or(agent_count, 0),
    ...withoutNull(others),
  }))

const SearchShape = Schema.Struct({
  request_id: optional(upTo(deployedRequestIdMax)),
  request: Schema.Unknown,
  origin_id: optional(upTo(253)),
  ttl: optional(Schema.Finite),
})
const readSearchShape = Schema.decodeUnknownResult(SearchShape)
const decodeSearch = (said: JsonObject): Result.Result<DeployedSearch, unknown> =>
  Result.flatMap(readSearchShape(said), ({ origin_id, request, request_id, ttl }) =>
    isObject(request)
      ? Result.succeed({ request_id: or(request_id, ""), request, origin_id: or(origin_id, ""), ttl: or(ttl, 0) })
      : Result.fail("no request"),
  )

const SearchAckShape = Schema.Struct({
  request_id: optional(upTo(deployedRequestIdMax)),
  results: optional(Schema.Array(Schema.Unknown)),
  stats: Schema.optionalKey(Schema.Unknown),
})
const readSearchAckShape = Schema.decodeUnknownResult(SearchAckShape)
const decodeSearchAck = (said: JsonObject): Result.Result<DeployedSearchAck, unknown> =>
  Result.map(readSearchAckShape(said), ({ request_id, results, stats }) => ({
    request_id: or(request_id, ""),
    // that node bounds its answers by nothing but the frame
    results: or(results, []).filter(isObject).slice(0, answeredEntitiesMax),
    ...(isObject(stats) && { stats }),
  }))

const Key = Schema.Array(Int(0, 255))
const DhtShape = Schema.Struct({
  type: upTo(64),
  sender_id: optional(Key),
  request_id: optional(upTo(deployedRequestIdMax)),
  sender_addr: optional(upTo(300)),
  key: optional(Key),
  record: optional(Schema.Unknown),
  target: optional(Key),
  nodes: optional(Schema.Array(Schema.Struct({ id: optional(Key), address: optional(upTo(300)), last_seen: optional(Schema.Finite) }))),
  value: optional(Schema.Unknown),
  ok: optional(Schema.Boolean),
  timestamp: optional(upTo(64)),
})
const readDhtShape = Schema.decodeUnknownResult(DhtShape)
const decodeDht = (said: JsonObject): Result.Result<DeployedDht, unknown> =>
  Result.map(readDhtShape(said), ({ key, nodes, record, sender_id, target, timestamp, type, value, ...others }) => ({
    ...withoutNull(others),
    type,
    sender_id: keyOf(sender_id),
    key: keyOf(key),
    target: keyOf(target),
    timestamp: or(timestamp, ""),
    ...(isObject(record) && { record }),
    ...(isObject(value) && { value }),
    ...(nodes !== undefined &&
      nodes !== null && {
        nodes: nodes.slice(0, dhtBucketSize).map(({ address, id, last_seen }) => ({
          id: keyOf(id),
          address: or(address, ""),
          last_seen: or(last_seen, 0),
        })),
      }),
  }))

/** Shorter ones are filled with zeros, longer ones cut. */
const keyOf = (said: ReadonlyArray<number> | null | undefined): DeployedKey => Array.from({ length: keyBytes }, (_, i) => said?.[i] ?? 0)

const keyBytes = 32

const withoutNull = <A extends object>(said: A): { readonly [K in keyof A]: Exclude<A[K], null> } =>
  Object.fromEntries(Object.entries(said).filter(([, value]) => value !== null)) as unknown as {
    readonly [K in keyof A]: Exclude<A[K], null>
  }
