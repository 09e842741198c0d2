/**
 * Plausible events: for every machine of the cast, what may happen to it next, given what it remembers.
 *
 * Random events alone hardly ever get a machine anywhere; these mostly name the link it has, the key it expects, the peer
 * that runs, and now and then another.
 */
import type { AnyStateMachine, ContextFrom } from "xstate"
import { ask, type AskEvent } from "../../src/actors/ask.ts"
import { bootstrap, type BootstrapEvent } from "../../src/actors/bootstrap.ts"
import type { ActorKind, Offer } from "../../src/actors/command.ts"
import { fanOut, type FanOutEvent } from "../../src/actors/fan-out.ts"
import { dhtLink, type DhtLinkEvent, type DhtLinkInput } from "../../src/actors/dht-link.ts"
import { dhtLookup, type DhtLookupEvent, type DhtLookupInput } from "../../src/actors/dht-lookup.ts"
import { reconciler, type ReconcilerEvent } from "../../src/actors/reconciler.ts"
import { gossipSession, type GossipSessionEvent } from "../../src/actors/gossip-session.ts"
import { inspector, type InspectorContext, type InspectorEvent } from "../../src/actors/inspector.ts"
import { heartbeat, type HeartbeatEvent } from "../../src/actors/heartbeat.ts"
import { node, type NodeEvent } from "../../src/actors/node.ts"
import { peer, type PeerEvent } from "../../src/actors/peer.ts"
import { sweep, type SweepEvent, type SweepInput } from "../../src/actors/sweep.ts"
import { blocksOf } from "../../src/protocol/moderation/blocks.ts"
import { suspicionAfterMs, suspicionPatienceMs } from "../../src/protocol/limits.ts"
import { writeAddress } from "../../src/protocol/mesh/address.ts"
import { capabilities, type Message, type Reconcile } from "../../src/protocol/wire/message.ts"
import type { ActorEvent } from "../../src/runtime/engine/engine.ts"
import type { SeededRandom } from "../../src/sim/dice.ts"
import { keyOf, noon, registryOf } from "./builders.ts"
import { dhtContactOf } from "./dht.ts"
import { addressOf, announcementOf, gossipOf, heartbeatOf, helloOf, memberOf, noonMs, queryAckOf, queryIdOf } from "./mesh.ts"

export interface Plausible {
  readonly machine: AnyStateMachine
  readonly input: (chance: SeededRandom) => unknown
  /** By event type; `undefined` where it cannot happen now. The context is the machine's own. */
  readonly events: Readonly<Record<string, (chance: SeededRandom, context: never) => ActorEvent | undefined>>
  /** The event type that leads on, where most others lead back. */
  readonly likely?: (state: string, context: never) => string | undefined
}

type Makers<E extends { readonly type: string }, C> = {
  readonly [T in E["type"]]: (chance: SeededRandom, context: C) => Extract<E, { readonly type: T }> | undefined
}

const us = 1
const seeds = [2, 3, 4, 5]
const seedOf = (chance: SeededRandom) => chance.pick(seeds)
const reasonOf = (chance: SeededRandom) => chance.pick(["refused", "timeout", "duplicate", "stopping"])
const laterMs = (chance: SeededRandom) => noonMs + chance.below(5_000)
const keyFor = (chance: SeededRandom) => keyOf(seedOf(chance)).publicKey

const messageFrom = (chance: SeededRandom): Message =>
  chance.pick<() => Message>([
    () => helloOf(seedOf(chance), chance.isTrue(0.2) ? { network: "another" } : {}),
    () => heartbeatOf(seedOf(chance), { wantsAnswer: chance.isTrue(0.5), peers: [{ address: addressOf(seedOf(chance)), reputation: 1 }] }),
    () => gossipOf(announcementOf(2), chance.below(12)),
  ])()

const peerEvents: Makers<PeerEvent, ContextFrom<typeof peer>> = {
  "dial.succeeded": (chance) => ({
    type: "dial.succeeded",
    link: chance.below(3),
    key: keyFor(chance),
    host: "192.0.2.1",
    nowMs: laterMs(chance),
  }),
  "dial.failed": (chance) => ({ type: "dial.failed", reason: reasonOf(chance) }),
  "message.received": (chance, { linked }) => ({
    type: "message.received",
    link: linkNear(chance, linked?.link),
    // mostly the greeting we wait for, by the key that the handshake proved
    message: chance.isTrue(0.6) ? helloOf(seeds.find((seed) => keyOf(seed).publicKey === linked?.key) ?? 2) : messageFrom(chance),
    nowMs: laterMs(chance),
  }),
  "frame.refused": (chance, { linked }) => ({
    type: "frame.refused",
    link: linkNear(chance, linked?.link),
    reason: chance.pick(["not-json", "oversized"]),
  }),
  "link.closed": (chance, { linked }) => ({ type: "link.closed", link: linkNear(chance, linked?.link), reason: "closed" }),
  "link.silent": (chance, { linked }) => ({ type: "link.silent", link: linkNear(chance, linked?.link) }),
  // nobody is admitted who did not greet: the node answers a greeting
  "peer.admitted": (_, { hello }) => (hello === undefined ? undefined : { type: "peer.admitted" }),
  "peer.refused": (chance) => ({ type: "peer.refused", reason: chance.pick(["full", "duplicate"]) }),
  "peer.dropped": (chance) => ({ type: "peer.dropped", reason: reasonOf(chance) }),
}

const linkNear = (chance: SeededRandom, link: number | undefined): number =>
  link !== undefined && chance.isTrue(0.8) ? link : chance.below(3)

const bootstrapEvents: Makers<BootstrapEvent, ContextFrom<typeof bootstrap>> = {
  "peer.named": (chance) => ({
    type: "peer.named",
    address: addressOf(chance.below(30)),
    ...(chance.isTrue(0.5) && { key: keyFor(chance) }),
  }),
  "addresses.learned": (chance) => ({
    type: "addresses.learned",
    addresses: Array.from({ length: chance.below(6) }, () => addressOf(chance.below(30))),
  }),
  "roster.changed": (chance) => ({
    type: "roster.changed",
    members: Array.from({ length: chance.below(5) }, (_, i) => {
      const { address, registryId } = memberOf(seedOf(chance), i)
      return { registryId, peer: `peer/${i}`, ...(chance.isTrue(0.7) && address !== undefined && { address }) }
    }),
  }),
  "key.met": (chance) => ({ type: "key.met", pin: { address: writeAddress(addressOf(seedOf(chance))), key: keyFor(chance), since: noon } }),
  "peer.gone": (chance, { running }) => ({
    type: "peer.gone",
    peer: running.size > 0 ? chance.pick([...running]) : "peer/in/1",
    reason: reasonOf(chance),
  }),
  "peer.dropped": (chance) => ({ type: "peer.dropped", reason: reasonOf(chance) }),
}

const offerOf = (chance: SeededRandom): Offer => {
  const { document, id } = announcementOf(2 + chance.below(4))
  return { hopCount: chance.below(11), id, document: () => document }
}

const sessionEvents: Makers<GossipSessionEvent, ContextFrom<typeof gossipSession>> = {
  "announcement.offered": (chance) => ({ type: "announcement.offered", offer: offerOf(chance), nowMs: laterMs(chance) }),
  "announcement.verified": (chance) => ({
    type: "announcement.verified",
    link: 1,
    announcement: announcementOf(seedOf(chance)),
    hopCount: chance.below(11),
  }),
  "announcement.refused": () => ({ type: "announcement.refused", link: 1, reason: "signature" }),
}

const heartbeatEvents: Makers<HeartbeatEvent, ContextFrom<typeof heartbeat>> = {
  "link.measured": (chance) => ({
    type: "link.measured",
    silentMs: chance.pick([0, 4_000, 20_000, suspicionAfterMs, suspicionAfterMs + 1, suspicionAfterMs + suspicionPatienceMs + 1]),
  }),
  "message.received": (chance, { link }) => ({ type: "message.received", link, message: messageFrom(chance), nowMs: laterMs(chance) }),
  "link.doubted": () => ({ type: "link.doubted" }),
}

/** The answers of the other end, and now and then something else. */
const reconcileFrom = (chance: SeededRandom): Reconcile =>
  chance.pick<Reconcile>([
    { type: "RECONCILE", step: "same" },
    { type: "RECONCILE", step: "split", bits: 1, digests: new Uint8Array(10) },
    { type: "RECONCILE", step: "want", short: new Uint8Array(5), isWhole: chance.isTrue(0.3) },
    { type: "RECONCILE", step: "compare", salt: "salt", digest: "digest" },
  ])

const reconcilerEvents: Makers<ReconcilerEvent, ContextFrom<typeof reconciler>> = {
  "message.received": (chance, { link }) => ({
    type: "message.received",
    link,
    message: chance.isTrue(0.9) ? reconcileFrom(chance) : messageFrom(chance),
    nowMs: laterMs(chance),
  }),
}

const askEvents: Makers<AskEvent, ContextFrom<typeof ask>> = {
  "message.received": (chance, { request }) => ({
    type: "message.received",
    link: chance.below(4),
    message: { type: "ANSWER", request, documents: chance.isTrue(0.7) ? [announcementOf(seedOf(chance)).document] : [] },
    nowMs: laterMs(chance),
  }),
}

const fanOutEvents: Makers<FanOutEvent, ContextFrom<typeof fanOut>> = {
  "peers.chosen": (chance) => {
    const links = [0, 1, 2, 3].slice(0, chance.below(5))
    const asked = links.map((link) => ({ link, hops: chance.below(2) }))
    return { type: "peers.chosen", asked, awaited: links.slice(chance.below(2)), nowMs: laterMs(chance) }
  },
  "message.received": (chance) => ({
    type: "message.received",
    link: chance.below(5),
    message: chance.isTrue(0.9) ? queryAckOf(chance.isTrue(0.9) ? 1 : 2, [announcementOf(seedOf(chance)).document]) : messageFrom(chance),
    nowMs: laterMs(chance),
  }),
  "peer.left": (chance) => ({ type: "peer.left", link: chance.below(5), nowMs: laterMs(chance) }),
}

const nodeEvents: Makers<NodeEvent, ContextFrom<typeof node>> = {
  "node.listening": () => ({ type: "node.listening", port: 4001, nowMs: noonMs }),
  "link.accepted": (chance) => ({
    type: "link.accepted",
    link: chance.below(9),
    key: keyFor(chance),
    host: "192.0.2.7",
    nowMs: laterMs(chance),
  }),
  "peer.greeted": (chance) => ({
    type: "peer.greeted",
    member: memberOf(seedOf(chance), chance.below(9), { direction: chance.pick(["in", "out"]) }),
    nowMs: laterMs(chance),
  }),
  "link.left": (chance, { roster }) => ({
    type: "link.left",
    link: roster.length > 0 && chance.isTrue(0.7) ? chance.pick(roster).link : chance.below(9),
  }),
  "peer.misbehaved": (chance, { roster }) => ({
    type: "peer.misbehaved",
    link: roster.length > 0 ? chance.pick(roster).link : 1,
    nowMs: laterMs(chance),
  }),
  "peer.counted": (chance, { roster }) => ({
    type: "peer.counted",
    link: roster.length > 0 ? chance.pick(roster).link : 1,
    agentCount: chance.below(100),
  }),
  "heartbeat.due": (chance, { roster }) => ({
    type: "heartbeat.due",
    link: roster.length > 0 ? chance.pick(roster).link : 1,
    wantsAnswer: chance.isTrue(0.5),
    nowMs: laterMs(chance),
  }),
  "counts.changed": (chance) => ({ type: "counts.changed", agents: chance.below(9), services: chance.below(9) }),
  "blocks.changed": (chance) => ({
    type: "blocks.changed",
    blocks: blocksOf([{ kind: "peer", subject: registryOf(seedOf(chance)).registryId, reason: "spam", since: 0 }]),
  }),
  "stop.requested": () => ({ type: "stop.requested" }),
}

const pinOf = (seed: number) => ({ address: writeAddress(addressOf(seed)), key: keyOf(seed).publicKey, since: noon })

const bootstrapInput = (chance: SeededRandom) => ({
  configured: Array.from({ length: chance.below(3) }, (_, i) => ({
    address: addressOf(i + 2),
    ...(chance.isTrue(0.3) && { key: keyOf(i + 2).publicKey }),
  })),
  pins: chance.isTrue(0.5) ? [pinOf(2), pinOf(3)] : [],
  wantedPeers: chance.below(4),
})

const sweepEvents: Makers<SweepEvent, SweepInput> = {
  "sweep.due": () => ({ type: "sweep.due" }),
  "sweep.asked": () => ({ type: "sweep.asked" }),
}

const inspectorEvents: Makers<InspectorEvent, InspectorContext> = {
  "peer.inspected": (chance) => ({
    type: "peer.inspected",
    layers: chance.pick([[], ["proof", "tls"], ["dns"]]),
    ...(chance.isTrue(0.3) && { contradiction: { because: "dns", domain: "n2.example", expected: keyFor(chance) } }),
  }),
}

const dhtContacts = (chance: SeededRandom) => seeds.filter(() => chance.isTrue(0.6)).map(dhtContactOf)

const dhtLookupEvents: Makers<DhtLookupEvent, ContextFrom<typeof dhtLookup>> = {
  "contacts.known": (chance) => ({
    type: "contacts.known",
    contacts: dhtContacts(chance),
    networkSize: chance.pick([1, 5, 1_000]),
    nowMs: laterMs(chance),
  }),
  "question.answered": (chance, { search }) => ({
    type: "question.answered",
    from: chance.pick([...search.asked.keys(), dhtContactOf(8).id]),
    nodes: dhtContacts(chance),
    values: [],
    nowMs: laterMs(chance),
  }),
  "question.failed": (chance, { search }) => ({
    type: "question.failed",
    to: chance.pick([...search.asked.keys(), dhtContactOf(8).id]),
    nowMs: laterMs(chance),
  }),
}

const dhtLinkEvents: Makers<DhtLinkEvent, ContextFrom<typeof dhtLink>> = {
  "dial.succeeded": (chance, { input }) => ({
    type: "dial.succeeded",
    link: chance.below(3),
    key: keyOf(seeds.find((seed) => input.direction === "out" && dhtContactOf(seed).id === input.contact.id && chance.isTrue(0.8)) ?? 2)
      .publicKey,
    host: "192.0.2.1",
    nowMs: laterMs(chance),
  }),
  "dial.failed": (chance) => ({ type: "dial.failed", reason: reasonOf(chance) }),
  "message.received": (chance, { linked }) => ({
    type: "message.received",
    link: linked?.link ?? 1,
    message: chance.isTrue(0.8)
      ? helloOf(seeds.find((seed) => keyOf(seed).publicKey === linked?.key) ?? 2, { capabilities: [capabilities.dht] })
      : messageFrom(chance),
    nowMs: laterMs(chance),
  }),
  "frame.refused": (_, { linked }) => ({ type: "frame.refused", link: linked?.link ?? 1, reason: "not-json" }),
  "link.closed": (_, { linked }) => ({ type: "link.closed", link: linked?.link ?? 1, reason: "closed" }),
  "link.unwanted": () => ({ type: "link.unwanted" }),
}

/** Each machine of the cast; reducers have no modes and are tested by what they do. */
export const plausible: Readonly<
  Record<Exclude<ActorKind, "federation" | "gossip" | "herald" | "holdings" | "dht" | "dht-pool" | "dht-publisher">, Plausible>
> = {
  inspector: {
    machine: inspector,
    events: inspectorEvents,
    input: (chance) => ({ member: memberOf(2, 1, { direction: chance.pick(["in", "out"]) }), isConfigured: chance.isTrue(0.5) }),
  },
  "dht-lookup": {
    machine: dhtLookup,
    events: dhtLookupEvents,
    likely: (state) => (state === "beginning" ? "contacts.known" : undefined),
    input: (chance): DhtLookupInput => ({
      id: "dht-lookup/1",
      plan: {
        self: dhtContactOf(us).id,
        key: dhtContactOf(9).id,
        goal: chance.pick(["contacts", "value"]),
        k: 3,
        alpha: 2,
        paths: chance.pick([1, 2]),
        holdersWanted: 1,
      },
      patienceMs: 1_000,
    }),
  },
  "dht-link": {
    machine: dhtLink,
    events: dhtLinkEvents,
    likely: (state) => (state === "dialing" ? "dial.succeeded" : state === "greeting" ? "message.received" : undefined),
    input: (chance): DhtLinkInput => {
      const self = helloOf(us, { capabilities: [capabilities.dht] })
      if (chance.isTrue(0.7)) return { direction: "out", self, contact: dhtContactOf(seedOf(chance)) }
      const seed = seedOf(chance)
      return { direction: "in", self, link: 1, key: keyOf(seed).publicKey, host: "192.0.2.1", hello: helloOf(seed) }
    },
  },
  sweep: { machine: sweep, events: sweepEvents, input: () => ({ periodMs: 60_000 }) },
  peer: {
    machine: peer,
    events: peerEvents,
    likely: (state, { hello }: ContextFrom<typeof peer>) =>
      state === "dialing"
        ? "dial.succeeded"
        : state === "greeting"
          ? hello === undefined
            ? "message.received"
            : "peer.admitted"
          : undefined,
    input: (chance) => {
      const common = { self: helloOf(us), seed: chance.below(2 ** 32) }
      const key = keyFor(chance)
      if (chance.isTrue(0.4)) return { ...common, direction: "in", id: "peer/in/1", link: 1, key, host: "192.0.2.1", nowMs: noonMs }
      return {
        ...common,
        direction: "out",
        id: "peer/n2.example:4001",
        address: addressOf(2),
        attemptsMax: chance.pick([1, 2, Number.POSITIVE_INFINITY]),
        ...(chance.isTrue(0.3) && { configured: key }),
        ...(chance.isTrue(0.3) && { pinned: keyFor(chance) }),
      }
    },
  },
  bootstrap: {
    machine: bootstrap,
    events: bootstrapEvents,
    input: (chance) => ({ self: helloOf(us), seed: chance.below(2 ** 32), maxPeers: 4, ...bootstrapInput(chance) }),
  },
  "gossip-session": { machine: gossipSession, events: sessionEvents, input: () => ({ link: 1, nowMs: noonMs }) },
  heartbeat: { machine: heartbeat, events: heartbeatEvents, input: () => ({ link: 1, peer: "peer/in/1" }) },
  ask: {
    machine: ask,
    events: askEvents,
    input: (chance) => ({ request: 1, subject: announcementOf(2).subject, links: [0, 1, 2, 3].slice(0, chance.below(5)) }),
  },
  "fan-out": {
    machine: fanOut,
    events: fanOutEvents,
    likely: (state) => (state === "choosing" ? "peers.chosen" : undefined),
    input: () => ({ query: queryIdOf(1), question: { query: "weather" }, most: 10, patienceMs: 1_500 }),
  },
  reconciler: { machine: reconciler, events: reconcilerEvents, input: (chance) => ({ link: 1, seed: chance.below(2 ** 32) }) },
  node: {
    machine: node,
    events: nodeEvents,
    input: (chance) => ({
      self: helloOf(us),
      maxPeers: 1 + chance.below(4),
      bootstrap: bootstrapInput(chance),
      seed: chance.below(2 ** 32),
    }),
  },
}
