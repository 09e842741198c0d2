/**
 * One link to a node that speaks the deployed dialect: our messages to its frames and back, and what has to be remembered
 * between them. Why it is as it is says `agentdns/quirks.ts`.
 *
 * Its requests have texts for ids and ours numbers, so both directions remember which is which, within bounds; a ping of ours
 * is nobody's message but this link's own. What the dialect cannot say is written as nothing.
 *
 * When frames go out:
 *
 *     heard ──their search──► asked ──our answer, with a ping──► pinged ──its reply · a second──► heard
 *       └┘ all goes out         │ all else waits, in order          │ all else waits; answers go alone
 */
import type { ContentId } from "../gossip/announcement.ts"
import type { Contact } from "../dht/contact.ts"
import { keyOfSubject, nodeKeyOf } from "../dht/key.ts"
import type { JsonObject } from "../identity/canonical-json.ts"
import type { RegistryId } from "../identity/id.ts"
import { deployedHeldBytesMax, deployedCrossingMs, deployedPingMs, deployedQuestionMs, deployedQuestionsMax } from "../agentdns/limits.ts"
import { readAddress, writeAddress } from "../mesh/address.ts"
import { writeMoment } from "../time.ts"
import { type DeployedDht, type DeployedKey, readSaid, type Said, writeGossip, writeSaid } from "./agentdns-codec.ts"
import { bytesOf, heartbeatOf, heartbeatText, helloOf, helloText, keyIn, replyOf, subjectsOf, zeros } from "./agentdns-message.ts"
import { hearsayOf, queryOf, requestOf, resultsOf, valueOf } from "./agentdns-search.ts"
import { encodeFrame } from "./frame.ts"
import type { Dht, Hello, Message, Query, QueryAck, QueryId } from "./message.ts"
import type { Unreadable } from "./spec-codec.ts"

/** Announcements in the deployed form. */
export interface GossipForm {
  /** `hopCount`: as the pages count. */
  readonly read: (
    announcement: JsonObject,
  ) => { readonly id: ContentId; readonly hopCount: number; readonly document: () => JsonObject | undefined } | undefined
  /** The announcement as its origin signed it for that dialect; nothing where it did not. */
  readonly write: (document: JsonObject) => string | undefined
}

export interface Heard {
  readonly messages: ReadonlyArray<Message | Unreadable>
  /** To be written at once. */
  readonly reply?: Uint8Array
}

export interface Dialogue {
  /** Whole frames, to be written in one piece; empty where nothing is to be said now. */
  readonly write: (message: Message, nowMs: number) => Uint8Array
  /** What the payload of a frame says. */
  readonly read: (payload: Uint8Array, nowMs: number) => Heard
}

/** What the two ends of a link know before anything is said. */
export interface Ends {
  /** The host that the other end sees us at. */
  readonly localHost: string | undefined
  readonly gossip: GossipForm
}

/** A question of theirs that waits for our answer: under which id, and which of our messages ask it. */
interface Asked {
  readonly id: string
  readonly type: string
  /** Of a value: what it may be about, and which of these were answered with nothing. */
  open: number
}

export const makeDialogue = ({ gossip, localHost }: Ends): Dialogue => {
  let self: { readonly id: RegistryId; readonly key: DeployedKey; readonly address: string | undefined } | undefined
  let requests = 0
  /** Their DHT questions, by the number under which we ask ourselves. */
  const asked = new Map<number, Asked>()
  /** Our DHT questions. */
  const asking = new Map<string, { readonly request: number; readonly op: Dht["op"] | "ASK" }>()
  /** Their searches that wait for an answer, and since when; and whether the answer went out alone. */
  const searched = new Map<QueryId, { readonly id: string; readonly atMs: number; isAlone: boolean }>()
  /** When we last said anything that it has to do something about. */
  let spokeAtMs = Number.NEGATIVE_INFINITY
  /** What was said for so long before a question came has arrived before that was asked. */
  let crossingMs = deployedCrossingMs
  /** Our searches. */
  const searching = new Map<string, QueryId>()
  /** When we pinged, until somebody answers. */
  let pingedAtMs: number | undefined
  let held: Array<Uint8Array> = []
  let heldBytes = 0

  // when ---------------------------------------------------------------------------------------------------------------

  const isPinged = (nowMs: number): boolean => pingedAtMs !== undefined && isWithin(deployedPingMs, pingedAtMs, nowMs)

  const isAsked = (nowMs: number): boolean => {
    for (const [query, { atMs }] of searched) {
      if (isWithin(deployedQuestionMs, atMs, nowMs)) return true
      searched.delete(query)
    }
    return false
  }

  const pinging = (nowMs: number): Uint8Array => {
    pingedAtMs = nowMs
    return frameOf({ type: "dht", payload: dht("dht_ping", pingMark + idOf(++requests), nowMs) })
  }

  /** What waits, to go out now. */
  const takeHeld = (nowMs: number): ReadonlyArray<Uint8Array> => {
    const all = held
    if (all.length > 0) spokeAtMs = nowMs
    held = []
    heldBytes = 0
    return all
  }

  /** It answered no ping for so long that it may wait for an answer that it did not get. */
  const mayBeStuck = (nowMs: number): boolean => pingedAtMs !== undefined && !isPinged(nowMs)

  const orLater = (frame: Uint8Array, nowMs: number): Uint8Array => {
    const wasAsked = searched.size > 0
    if (isAsked(nowMs) || isPinged(nowMs)) {
      held.push(frame)
      heldBytes += frame.length
      return heldBytes > deployedHeldBytesMax ? joined(takeHeld(nowMs)) : nothing
    }
    // it may still wait for an answer that we never gave: then the second ping is lost, and nothing else
    const freeing = wasAsked || mayBeStuck(nowMs) ? [pinging(nowMs), pinging(nowMs)] : []
    spokeAtMs = nowMs
    return joined([...freeing, ...takeHeld(nowMs), frame])
  }

  // writing ------------------------------------------------------------------------------------------------------------

  const write = (message: Message, nowMs: number): Uint8Array => {
    switch (message.type) {
      case "HELLO":
        return greet(message)
      case "HEARTBEAT":
        if (isAsked(nowMs) || isPinged(nowMs)) return orLater(frameOf(heartbeatText(message)), nowMs)
        // one of the two is lost where a sender is stuck: better the heartbeat than what waits
        if (mayBeStuck(nowMs)) return joined([pinging(nowMs), frameOf(heartbeatText(message)), ...takeHeld(nowMs)])
        // the ping last: a question that crosses it on the way waits for what comes behind it
        return joined([...takeHeld(nowMs), frameOf(heartbeatText(message)), pinging(nowMs)])
      case "GOSSIP": {
        const document = message.document()
        const text = document === undefined ? undefined : gossip.write(document)
        return text === undefined ? nothing : orLater(encodeFrame(writeGossip(text)), nowMs)
      }
      case "QUERY":
        return self === undefined ? nothing : orLater(frameOf(search(message, self.id)), nowMs)
      case "QUERY_ACK":
        return answer(message, nowMs)
      case "ASK": {
        const key = keyOfSubject(message.subject)
        if (key === undefined) return nothing
        const id = ask(message.request, "ASK")
        return orLater(frameOf({ type: "dht", payload: { ...dht("dht_find_value", id, nowMs), key: bytesOf(key) } }), nowMs)
      }
      case "ANSWER":
        return answerValue(message.request, valueOf(message.documents), nowMs)
      case "DHT":
        return writeDht(message, nowMs)
      case "IHAVE":
      case "GRAFT":
      case "PRUNE":
      case "BEACON":
      case "RECONCILE":
        return nothing
    }
  }

  const greet = (hello: Hello): Uint8Array => {
    const host = hello.advertisedHost !== undefined && isIp(hello.advertisedHost) ? hello.advertisedHost : localHost
    self = {
      id: hello.nodeId,
      key: bytesOf(nodeKeyOf(hello.publicKey)),
      // an address that nobody can dial is none
      address: host === undefined || hello.listenPort === 0 ? undefined : writeAddress({ host, port: hello.listenPort }),
    }
    return frameOf(helloText(hello))
  }

  const search = (query: Query, origin: RegistryId): Said & { readonly type: "search" } => {
    const id = query.id.slice(0, 16)
    remember(searching, id, query.id)
    return { type: "search", payload: { request_id: id, request: requestOf(query), origin_id: origin, ttl: 1 } }
  }

  /**
   * With a ping in front of it, unless one is on its way. Where something of ours crossed the question, its loop may be busy with
   * that: the answer goes alone, and when it is given a second time, with a ping.
   */
  const answer = ({ documents, id }: QueryAck, nowMs: number): Uint8Array => {
    const question = searched.get(id)
    if (question === undefined) return nothing
    const ack = frameOf({ type: "search_ack", payload: { request_id: question.id, results: resultsOf(documents) } })
    const isCrossed = !question.isAlone && isWithin(crossingMs, spokeAtMs, question.atMs)
    if (isCrossed && !isPinged(nowMs)) {
      question.isAlone = true
      return ack
    }
    searched.delete(id)
    return isPinged(nowMs) ? ack : joined([pinging(nowMs), ack])
  }

  const answerValue = (request: number, value: JsonObject | undefined, nowMs: number): Uint8Array => {
    const question = asked.get(request)
    if (question === undefined) return nothing
    asked.delete(request)
    if (value === undefined && --question.open > 0) return nothing
    if (value !== undefined) for (const [other, one] of asked) if (one === question) asked.delete(other)
    const payload = { ...dht("dht_find_value_reply", question.id, nowMs), ...(value !== undefined && { value }) }
    return orLater(frameOf({ type: "dht", payload }), nowMs)
  }

  const writeDht = (message: Dht, nowMs: number): Uint8Array => {
    const frame = (payload: DeployedDht) => orLater(frameOf({ type: "dht", payload }), nowMs)
    switch (message.op) {
      case "PING":
        return frame(dht("dht_ping", ask(message.request, "PING"), nowMs))
      case "FIND_NODE":
        return frame({ ...dht("dht_find_node", ask(message.request, "FIND_NODE"), nowMs), target: bytesOf(message.target) })
      case "FIND_VALUE":
        return frame({ ...dht("dht_find_value", ask(message.request, "FIND_VALUE"), nowMs), key: bytesOf(message.key) })
      case "STORE": {
        const record = valueOf(message.values.flatMap((value) => (isObject(value["record"]) ? [value["record"]] : [])))
        if (record === undefined) return nothing
        return frame({ ...dht("dht_store", ask(message.request, "STORE"), nowMs), key: bytesOf(message.key), record })
      }
      case "PONG":
      case "NODES":
      case "VALUES":
      case "STORED": {
        const question = asked.get(message.request)
        if (question === undefined) return nothing
        asked.delete(message.request)
        return frame({ ...dht(`${question.type}_reply`, question.id, nowMs), ...replyOf(message, nowMs) })
      }
    }
  }

  /** Under which id a question of ours goes out. */
  const ask = (request: number, op: Dht["op"] | "ASK"): string => {
    const id = idOf(++requests)
    remember(asking, id, { request, op })
    return id
  }

  const dht = (type: string, id: string, nowMs: number): DeployedDht => ({
    type,
    sender_id: self?.key ?? zeros,
    request_id: id,
    ...(self?.address !== undefined && { sender_addr: self.address }),
    key: zeros,
    target: zeros,
    timestamp: writeMoment(nowMs),
  })

  // reading ------------------------------------------------------------------------------------------------------------

  const read = (payload: Uint8Array, nowMs: number): Heard => {
    const said = readSaid(payload)
    if (said.type === "unreadable") return { messages: [said] }
    if (said.type === "dht") return readDht(said.payload, nowMs)
    const message = readMessage(said, nowMs)
    return { messages: message === undefined ? [] : [message] }
  }

  const readMessage = (said: Exclude<Said, { readonly type: "dht" }>, nowMs: number): Message | Unreadable | undefined => {
    switch (said.type) {
      case "hello":
        return helloOf(said.payload) ?? unreadable("not-a-message")
      case "heartbeat":
        return heartbeatOf(said.payload, nowMs)
      case "gossip": {
        const one = gossip.read(said.announcement)
        return one === undefined ? unreadable("malformed") : { type: "GOSSIP", ...one }
      }
      case "search": {
        const id = (++requests).toString(16).padStart(32, "0") as QueryId
        // it asks one after the other: those before are over
        for (const [other, { isAlone }] of searched) if (isAlone) searched.delete(other)
        remember(searched, id, { id: said.payload.request_id, atMs: nowMs, isAlone: false })
        return queryOf(id, said.payload.request)
      }
      case "search_ack": {
        const { request_id, results } = said.payload
        const id = searching.get(request_id)
        if (id === undefined) return undefined
        searching.delete(request_id)
        const hearsay = results.flatMap((result) => hearsayOf(result) ?? [])
        return { type: "QUERY_ACK", id, total: results.length, documents: [], hearsay }
      }
    }
  }

  const readDht = (said: DeployedDht, nowMs: number): Heard => {
    const { request_id: id = "", type } = said
    if (type.endsWith("_reply")) return readReply(said, id, nowMs)
    const request = ++requests
    const take = (...messages: ReadonlyArray<Message>): Heard => {
      const question: Asked = { id, type, open: messages.length }
      messages.forEach((_, i) => remember(asked, request + i, question))
      requests += messages.length
      return { messages }
    }
    switch (type) {
      case "dht_ping":
        return take({ type: "DHT", op: "PING", request })
      case "dht_find_node":
        return take({ type: "DHT", op: "FIND_NODE", request, target: keyIn(said.target) })
      case "dht_find_value": {
        const key = keyIn(said.key)
        const subjects = subjectsOf(key)
        if (subjects.length === 0) return take({ type: "DHT", op: "FIND_VALUE", request, key, target: key })
        return take(...subjects.map((subject, i): Message => ({ type: "ASK", request: request + i, subject })))
      }
      case "dht_store":
        return take({ type: "DHT", op: "STORE", request, key: keyIn(said.key), values: said.record === undefined ? [] : [said.record] })
    }
    return { messages: [unreadable("unknown-type")] }
  }

  /** What nobody asked for, or too late, is passed over. */
  const readReply = ({ nodes = [], ok, type, value }: DeployedDht, id: string, nowMs: number): Heard => {
    if (id.startsWith(pingMark)) {
      if (isPinged(nowMs)) crossingMs = Math.min(deployedCrossingMs, 2 * (nowMs - pingedAtMs!) + clockMs)
      pingedAtMs = undefined
      // all that came before the ping is done with
      spokeAtMs = Number.NEGATIVE_INFINITY
      return { messages: [], ...(searched.size === 0 && held.length > 0 && { reply: joined(takeHeld(nowMs)) }) }
    }
    const question = asking.get(id)
    if (question === undefined || type !== replyTo[question.op]) return { messages: [] }
    asking.delete(id)
    const { op, request } = question
    if (op === "ASK") {
      const told = value === undefined ? undefined : hearsayOf(value)
      return { messages: [{ type: "ANSWER", request, documents: [], ...(told !== undefined && { hearsay: [told] }) }] }
    }
    if (op === "PING") return { messages: [{ type: "DHT", op: "PONG", request }] }
    if (op === "STORE") return { messages: [{ type: "DHT", op: "STORED", request, stored: ok === true ? 1 : 0 }] }
    const contacts = nodes.flatMap(({ address, id: key }): ReadonlyArray<Contact> => {
      const at = readAddress(address)
      return at === undefined || at.port === 0 ? [] : [{ id: keyIn(key), address: at }]
    })
    if (op === "FIND_NODE") return { messages: [{ type: "DHT", op: "NODES", request, nodes: contacts }] }
    // its values prove nothing
    return { messages: [{ type: "DHT", op: "VALUES", request, values: [], nodes: contacts }] }
  }

  return { write, read }
}

const replyTo: Readonly<Record<string, string>> = {
  PING: "dht_ping_reply",
  STORE: "dht_store_reply",
  FIND_NODE: "dht_find_node_reply",
  FIND_VALUE: "dht_find_value_reply",
  ASK: "dht_find_value_reply",
}

/** At the bound the oldest is forgotten. */
const remember = <K, V>(map: Map<K, V>, key: K, value: V): void => {
  map.set(key, value)
  if (map.size > deployedQuestionsMax) map.delete(map.keys().next().value!)
}

const frameOf = (said: Exclude<Said, { readonly type: "gossip" }>): Uint8Array => encodeFrame(writeSaid(said))
const nothing = new Uint8Array(0)
/** Of what two ways are measured by. */
const clockMs = 20
/** Also when the clock was set back: then it is over. */
const isWithin = (ms: number, sinceMs: number, nowMs: number): boolean => nowMs >= sinceMs && nowMs - sinceMs < ms
const joined = (frames: ReadonlyArray<Uint8Array>): Uint8Array => (frames.length === 1 ? frames[0]! : Buffer.concat(frames))
/** What the ids of pings of ours begin with. */
const pingMark = "p"
const unreadable = (reason: Unreadable["reason"]): Unreadable => ({ type: "unreadable", reason })
const isObject = (value: unknown): value is JsonObject => typeof value === "object" && value !== null && !Array.isArray(value)
const isIp = (host: string): boolean => /^\d{1,3}(\.\d{1,3}){3}$/.test(host) || host.includes(":")
const idOf = (request: number): string => request.toString(16).padStart(16, "0")
