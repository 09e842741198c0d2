/**
 * The pool: the DHT's open questions, and the connections they go over. A peer's connection is used where there is one;
 * any other contact is dialled when it is asked, and closed again when it rested for a while (`dht-link`). A connection that
 * ends under a question says nothing of the contact, which may have been started anew: it is dialled, and asked once more.
 *
 * Every question is answered exactly once, to whoever asked: by `question.answered`, or, when the contact cannot be
 * reached, leaves, or is silent for too long, by `question.failed`. It has no modes, only memory, so it is a reducer.
 */
import type { Contact } from "../protocol/dht/contact.ts"
import type { DhtKey } from "../protocol/dht/key.ts"
import type { ProvenValue } from "../protocol/dht/value.ts"
import type { Question } from "../protocol/dht/search.ts"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import { dhtDialPatienceMs, dhtIdleMs, dhtLinksMax, dhtQuestionPatienceMs, dhtUpkeepMs } from "../protocol/limits.ts"
import type { Dht, Hello, Message } from "../protocol/wire/message.ts"
import { dhtLinkOf } from "./cast.ts"
import type { Command, Link, Outcome } from "./command.ts"
import type { LinkOpened } from "./dht-link.ts"
import type { Reducer } from "./reducer.ts"

/** What is asked of contacts, on behalf of the actor `from`. */
export interface QuestionsAsked {
  readonly type: "questions.asked"
  readonly from: string
  readonly goal: "contacts" | "value" | "store" | "ping"
  readonly key: DhtKey
  /** Of a store. */
  readonly values?: ReadonlyArray<JsonObject>
  readonly questions: ReadonlyArray<Question>
}

export type DhtPoolEvent =
  | Extract<Outcome, { readonly type: "values.proven" }>
  | (QuestionsAsked & { readonly nowMs: number })
  | (LinkOpened & { readonly nowMs: number })
  | { readonly type: "link.left"; readonly link: Link; readonly nowMs: number }
  | { readonly type: "contact.unreachable"; readonly id: DhtKey; readonly nowMs: number }
  | { readonly type: "message.received"; readonly link: Link; readonly message: Message; readonly nowMs: number }
  | { readonly type: "question.late"; readonly request: number; readonly nowMs: number }
  | { readonly type: "idle.due"; readonly nowMs: number }

interface Open {
  readonly from: string
  readonly to: Contact
  readonly message: Dht
  /** Over which it went out. */
  link: Link | undefined
  /** Whom the answerer knows, while what it holds is being proven. */
  nodes: ReadonlyArray<Contact>
  /** Over its second connection. */
  readonly isAgain: boolean
}

interface Way {
  readonly link: Link
  readonly closer: string | undefined
  usedMs: number
  /** Open questions over it. */
  open: number
}

export interface DhtPoolInput {
  readonly self: Hello
}

export interface DhtPoolMemory {
  readonly self: Hello
  readonly ways: Map<DhtKey, Way>
  readonly ids: Map<Link, DhtKey>
  /** Contacts that are being dialled, with the requests that wait for it. */
  readonly dialing: Map<DhtKey, Array<number>>
  readonly open: Map<number, Open>
  requests: number
  isReminded: boolean
}

type Say = (command: Command) => void

export const dhtPool: Reducer<DhtPoolInput, DhtPoolMemory, DhtPoolEvent> = {
  id: "dht-pool",
  begin: ({ self }) => ({
    self,
    ways: new Map(),
    ids: new Map(),
    dialing: new Map(),
    open: new Map(),
    requests: 0,
    isReminded: false,
  }),
  step: (memory, event, say) => {
    switch (event.type) {
      case "questions.asked":
        for (const question of event.questions) ask(memory, event, question, event.nowMs, say)
        return
      case "message.received":
        return receive(memory, event.link, event.message, event.nowMs, say)
      case "values.proven":
        return answer(memory, event.about.request, event.values, 0, say)
      case "link.opened":
        return join(memory, event, say)
      case "link.left":
        return leave(memory, event.link, event.nowMs, say)
      case "contact.unreachable": {
        const waiting = memory.dialing.get(event.id) ?? []
        memory.dialing.delete(event.id)
        for (const request of waiting) fail(memory, request, say)
        return
      }
      case "question.late":
        fail(memory, event.request, say)
        return
      case "idle.due":
        return closeIdle(memory, event.nowMs, say)
    }
  },
}

// asking -------------------------------------------------------------------------------------------------------------

const ask = (memory: DhtPoolMemory, asked: QuestionsAsked, { target, to }: Question, nowMs: number, say: Say): void => {
  const message = messageOf(asked, ++memory.requests, target)
  put(memory, { from: asked.from, to, message, link: undefined, nodes: [], isAgain: false }, nowMs, say)
}

const askAgain = (memory: DhtPoolMemory, { from, message, to }: Open, nowMs: number, say: Say): void => {
  const again: Dht = { ...message, request: ++memory.requests }
  put(memory, { from, to, message: again, link: undefined, nodes: [], isAgain: true }, nowMs, say)
}

/** Over the connection that there is, or the one that is being made. */
const put = (memory: DhtPoolMemory, open: Open, nowMs: number, say: Say): void => {
  const { message, to } = open
  const { request } = message
  memory.open.set(request, open)
  const way = memory.ways.get(to.id)
  if (way !== undefined) {
    send(memory, way, request, nowMs, say)
    return later(request, dhtQuestionPatienceMs, say)
  }
  const waiting = memory.dialing.get(to.id)
  if (waiting !== undefined) {
    waiting.push(request)
    return later(request, dhtDialPatienceMs + dhtQuestionPatienceMs, say)
  }
  if (!hasRoom(memory, say)) return void turnDown(memory, request, say)
  memory.dialing.set(to.id, [request])
  say({ type: "start", actor: "dht-link", id: dhtLinkOf(to.id), input: { direction: "out", self: memory.self, contact: to } })
  later(request, dhtDialPatienceMs + dhtQuestionPatienceMs, say)
}

const messageOf = ({ goal, key, values }: QuestionsAsked, request: number, target: DhtKey): Dht => {
  switch (goal) {
    case "contacts":
      return { type: "DHT", op: "FIND_NODE", request, target }
    case "value":
      return { type: "DHT", op: "FIND_VALUE", request, key, target }
    case "store":
      return { type: "DHT", op: "STORE", request, key, values: values ?? [] }
    case "ping":
      return { type: "DHT", op: "PING", request }
  }
}

const send = (memory: DhtPoolMemory, way: Way, request: number, nowMs: number, say: Say): void => {
  const open = memory.open.get(request)
  if (open === undefined) return
  open.link = way.link
  way.usedMs = nowMs
  way.open++
  say({ type: "send", link: way.link, message: open.message })
}

const later = (request: number, afterMs: number, say: Say): void =>
  say({ type: "remind", afterMs, event: { type: "question.late", request } })

// answers ------------------------------------------------------------------------------------------------------------

const receive = (memory: DhtPoolMemory, link: Link, message: Message, nowMs: number, say: Say): void => {
  if (message.type !== "DHT") return
  const open = memory.open.get(message.request)
  // late, never asked, or of somebody else
  if (open === undefined || open.link !== link || answerOf[open.message.op] !== message.op) return
  say({ type: "tell", to: "dht", event: { type: "contact.answered", link } })
  if (message.op === "NODES" || message.op === "VALUES") open.nodes = message.nodes
  // what it holds is proven first
  if (message.op === "VALUES" && message.values.length > 0 && open.message.op === "FIND_VALUE")
    return say({ type: "prove", about: { link, request: message.request }, key: open.message.key, documents: message.values })
  return answer(memory, message.request, [], nowMs, say)
}

const answerOf: Readonly<Record<Dht["op"], Dht["op"] | undefined>> = {
  PING: "PONG",
  STORE: "STORED",
  FIND_NODE: "NODES",
  FIND_VALUE: "VALUES",
  PONG: undefined,
  STORED: undefined,
  NODES: undefined,
  VALUES: undefined,
}

/** Answered: whoever asked is told, and it is over. */
const answer = (memory: DhtPoolMemory, request: number, values: ReadonlyArray<ProvenValue>, nowMs: number, say: Say): void => {
  const open = close(memory, request)
  if (open === undefined) return
  const way = memory.ways.get(open.to.id)
  if (way !== undefined) way.usedMs = Math.max(way.usedMs, nowMs)
  say({ type: "tell", to: open.from, event: { type: "question.answered", from: open.to.id, nodes: open.nodes, values } })
}

/** Silent: it is no contact of ours any more. */
const fail = (memory: DhtPoolMemory, request: number, say: Say): void => {
  const open = turnDown(memory, request, say)
  if (open !== undefined) say({ type: "tell", to: "dht", event: { type: "contact.failed", id: open.to.id } })
}

/** Not asked at all, or in vain. */
const turnDown = (memory: DhtPoolMemory, request: number, say: Say): Open | undefined => {
  const open = close(memory, request)
  if (open !== undefined) say({ type: "tell", to: open.from, event: { type: "question.failed", to: open.to.id } })
  return open
}

const close = (memory: DhtPoolMemory, request: number): Open | undefined => {
  const open = memory.open.get(request)
  if (open === undefined) return undefined
  memory.open.delete(request)
  const way = memory.ways.get(open.to.id)
  if (way !== undefined && way.link === open.link) way.open--
  return open
}

// connections --------------------------------------------------------------------------------------------------------

const join = (memory: DhtPoolMemory, opened: Extract<DhtPoolEvent, { type: "link.opened" }>, say: Say): void => {
  const { address, closer, id, link, nowMs } = opened
  // who only asks is asked nothing
  if (address === undefined) return
  const way: Way = { link, closer, usedMs: nowMs, open: 0 }
  memory.ids.set(link, id)
  memory.ways.set(id, way)
  const waiting = memory.dialing.get(id) ?? []
  memory.dialing.delete(id)
  for (const request of waiting) send(memory, way, request, nowMs, say)
  if (closer === undefined || memory.isReminded) return
  memory.isReminded = true
  say({ type: "remind", afterMs: dhtUpkeepMs, event: { type: "idle.due" } })
}

const leave = (memory: DhtPoolMemory, link: Link, nowMs: number, say: Say): void => {
  const id = memory.ids.get(link)
  memory.ids.delete(link)
  if (id !== undefined && memory.ways.get(id)?.link === link) memory.ways.delete(id)
  for (const [request, open] of [...memory.open].filter(([, { link: over }]) => over === link)) {
    if (open.isAgain) fail(memory, request, say)
    else if (close(memory, request) !== undefined) askAgain(memory, open, nowMs, say)
  }
}

/** May one more be dialled? At the bound the one that rested longest is closed for it. */
const hasRoom = ({ dialing, ways }: DhtPoolMemory, say: Say): boolean => {
  if (dialing.size + ways.size < dhtLinksMax) return true
  let dialled = dialing.size
  let resting: Way | undefined
  for (const way of ways.values()) {
    if (!isDialled(way)) continue
    dialled++
    if (way.open === 0 && (resting === undefined || way.usedMs < resting.usedMs)) resting = way
  }
  if (dialled < dhtLinksMax) return true
  if (resting === undefined) return false
  say({ type: "tell", to: resting.closer!, event: { type: "link.unwanted" } })
  return true
}

/** Callers close what they dialled. */
const isDialled = ({ closer }: Way): boolean => closer !== undefined && !closer.startsWith(visitors)
const visitors = "dht-link/in/"

const closeIdle = (memory: DhtPoolMemory, nowMs: number, say: Say): void => {
  memory.isReminded = false
  for (const way of memory.ways.values()) {
    if (!isDialled(way)) continue
    if (way.open === 0 && nowMs - way.usedMs >= dhtIdleMs) say({ type: "tell", to: way.closer!, event: { type: "link.unwanted" } })
    else memory.isReminded = true
  }
  if (memory.isReminded) say({ type: "remind", afterMs: dhtUpkeepMs, event: { type: "idle.due" } })
}
