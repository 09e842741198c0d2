/**
 * The root: who is connected, and what the node is busy with (mesh page, "Joining the mesh").
 *
 *     booting ──node.listening──► joining ──first peer · patience · nobody to join──► serving
 *                                    └───────────────stop.requested───────────────────┤
 *                                                                                     ▼
 *                                                      stopped ◄──all left · patience── draining
 */
import { assign, setup } from "xstate"
import { deployedAddressesMs } from "../protocol/agentdns/limits.ts"
import { nodeKeyOf } from "../protocol/dht/key.ts"
import type { PublicKey } from "../protocol/identity/key.ts"
import type { RegistryId } from "../protocol/identity/id.ts"
import { banMs, drainPatienceMs, heartbeatPeersMax, joinPatienceMs } from "../protocol/limits.ts"
import { admission, ban, isBlocked, type Member, type Roster, without } from "../protocol/mesh/roster.ts"
import type { Blocks } from "../protocol/moderation/blocks.ts"
import { secondsOf } from "../protocol/time.ts"
import type { Heartbeat, Hello } from "../protocol/wire/message.ts"
import type { BootstrapInput } from "./bootstrap.ts"
import { heartbeatOf as heartbeatActorOf, inboundPeerOf, inspectorOf } from "./cast.ts"
import { type Casting, commands, type Link } from "./command.ts"
import type { DhtInput } from "./dht.ts"
import type { DhtPoolInput } from "./dht-pool.ts"
import type { DhtPublisherInput } from "./dht-publisher.ts"
import type { GossipInput } from "./gossip.ts"
import type { InspectorInput } from "./inspector.ts"
import type { PeerInput } from "./peer-input.ts"

export interface NodeInput {
  /** Our HELLO; `listenPort` is filled in when it is known. */
  readonly self: Hello
  readonly maxPeers: number
  /** What each peer may send; the page's number when absent. */
  readonly announcementsPerSecond?: number
  /** The operator's bounds of gossip; the page's numbers when absent. */
  readonly gossip?: Pick<GossipInput, "hopsMax" | "seenWindowMs">
  readonly bootstrap: Omit<BootstrapInput, "self" | "seed" | "maxPeers">
  /** Absent: there is no DHT here. */
  readonly dht?: Omit<DhtInput, "self" | "seed">
  readonly seed: number
  /** What its operator blocks; it may change. */
  readonly blocks?: Blocks
  /** Whether it looks at what the domains of peers say of them. */
  readonly inspects?: boolean
}

export type NodeEvent =
  | { readonly type: "node.listening"; readonly port: number; readonly nowMs: number }
  | {
      readonly type: "link.accepted"
      readonly link: Link
      readonly key: PublicKey | undefined
      readonly host: string
      readonly nowMs: number
    }
  | { readonly type: "peer.greeted"; readonly member: Member; readonly nowMs: number }
  | { readonly type: "link.left"; readonly link: Link }
  | { readonly type: "peer.misbehaved"; readonly link: Link; readonly nowMs: number }
  | { readonly type: "peer.counted"; readonly link: Link; readonly agentCount: number }
  | {
      readonly type: "heartbeat.due"
      readonly link: Link
      readonly wantsAnswer: boolean
      readonly isAnswer?: boolean
      readonly nowMs: number
    }
  | { readonly type: "counts.changed"; readonly agents: number; readonly services: number }
  | { readonly type: "blocks.changed"; readonly blocks: Blocks }
  | { readonly type: "stop.requested" }

export interface NodeContext extends NodeInput {
  readonly roster: Roster
  readonly bans: ReadonlyMap<RegistryId, number>
  readonly agents: number
  readonly services: number
  /** When a peer that dials all it hears of was told addresses last. */
  readonly addressesToldMs: number
}

const words = setup({
  types: { input: {} as NodeInput, context: {} as NodeContext, events: {} as NodeEvent },
  actions: {
    ...commands("start", "startAll", "stop", "tell", "report"),
    listen: assign(({ context }, { port }: { readonly port: number }) => ({ self: { ...context.self, listenPort: port } })),
    enter: assign(({ context }, { member }: { readonly member: Member }) => ({
      roster: [...context.roster.filter((other) => other.registryId !== member.registryId), member],
    })),
    ban: assign(({ context }, { link, nowMs }: { readonly link: Link; readonly nowMs: number }) => {
      const member = memberOn(context, link)
      return member === undefined ? {} : { bans: ban(context.bans, member.registryId, nowMs + banMs) }
    }),
    leave: assign(({ context }, { link }: { readonly link: Link }) => ({ roster: without(context.roster, link) })),
    heed: assign((_, { blocks }: { readonly blocks: Blocks }) => ({ blocks })),
    count: assign(({ context }, { agents, services }: { readonly agents: number; readonly services: number }) => ({
      agents,
      services,
      self: { ...context.self, agentCount: agents + services },
    })),
    /** To one of those who dial all they hear of. */
    tellAddresses: assign(({ context }, { link, nowMs }: { readonly link: Link; readonly nowMs: number }) =>
      memberOn(context, link)?.quirks?.dialsAllItHearsOf === true ? { addressesToldMs: nowMs } : {},
    ),
    countPeer: assign(({ context }, { link, agentCount }: { readonly link: Link; readonly agentCount: number }) => ({
      roster: context.roster.map((member) => (member.link === link ? { ...member, agentCount } : member)),
    })),
  },
  guards: {
    /** Two that hear of each other at one moment dial each other at once. */
    isTooSoon: ({ context }, { link, nowMs }: { readonly link: Link; readonly nowMs: number }) =>
      memberOn(context, link)?.quirks?.dialsAllItHearsOf === true && nowMs - context.addressesToldMs < deployedAddressesMs,
    /** It keeps the older of two links; is that one alive? */
    doubtsAnother: ({ context }, { member }: { readonly member: Member }) =>
      refusal(context, member) === "duplicate" && member.quirks?.keepsOldestLink === true,
    isRefused: ({ context }, { member }: { readonly member: Member }) => admit(context, member).type === "refuse",
    isBarred: ({ context }, { member }: { readonly member: Member }) => refusal(context, member) === "blocked",
    isVisitor: (_, { member }: { readonly member: Member }) => member.isVisitor === true,
    replacesAnother: ({ context }, { member }: { readonly member: Member }) => replaced(context, member) !== undefined,
    isLonely: ({ context }) => context.bootstrap.configured.length === 0,
    isEmpty: ({ context }) => context.roster.length === 0,
    hasPeers: ({ context }) => context.roster.length > 0,
  },
  delays: { joinPatience: joinPatienceMs, drainPatience: drainPatienceMs },
})

/** Membership is the same while joining and while serving. */
const meshing = words.createStateConfig({
  on: {
    "link.accepted": {
      actions: {
        type: "start",
        params: ({ context, event }) => ({ actor: "peer", id: inboundPeerOf(event.link), input: inbound(context, event) }),
      },
    },
    "peer.greeted": [
      {
        guard: { type: "isBarred", params: ({ event }) => event },
        actions: [
          {
            type: "tell",
            params: ({ context, event }) => ({ to: event.member.peer, event: refused(context, event.member, event.nowMs) }),
          },
          {
            type: "tell",
            params: ({ event }) => ({
              to: "gossip",
              event: { type: "verdict.given", link: event.member.link, verdict: "drop:blocked" },
            }),
          },
        ],
      },
      {
        guard: { type: "doubtsAnother", params: ({ event }) => event },
        actions: [
          { type: "tell", params: ({ context, event }) => ({ to: event.member.peer, event: refused(context, event.member, event.nowMs) }) },
          {
            type: "tell",
            params: ({ context, event }) => ({ to: heartbeatActorOf(heldBy(context, event.member)), event: { type: "link.doubted" } }),
          },
        ],
      },
      {
        guard: { type: "isRefused", params: ({ event }) => event },
        actions: {
          type: "tell",
          params: ({ context, event }) => ({ to: event.member.peer, event: refused(context, event.member, event.nowMs) }),
        },
      },
      {
        guard: { type: "isVisitor", params: ({ event }) => event },
        actions: { type: "tell", params: ({ event }) => ({ to: event.member.peer, event: { type: "peer.admitted" } }) },
      },
      {
        guard: { type: "replacesAnother", params: ({ event }) => event },
        actions: [
          {
            type: "tell",
            params: ({ context, event }) => ({
              to: replaced(context, event.member)!.peer,
              event: { type: "peer.dropped", reason: "duplicate" },
            }),
          },
          { type: "enter", params: ({ event }) => event },
          { type: "tell", params: ({ event }) => ({ to: event.member.peer, event: { type: "peer.admitted" } }) },
          { type: "startAll", params: ({ context, event }) => inspecting(context, event.member) },
          { type: "tell", params: ({ context }) => rosterChanged(context) },
        ],
      },
      {
        actions: [
          { type: "enter", params: ({ event }) => event },
          { type: "tell", params: ({ event }) => ({ to: event.member.peer, event: { type: "peer.admitted" } }) },
          { type: "startAll", params: ({ context, event }) => inspecting(context, event.member) },
          { type: "tell", params: ({ context }) => rosterChanged(context) },
        ],
      },
    ],
    "link.left": {
      actions: [
        { type: "leave", params: ({ event }) => event },
        { type: "stop", params: ({ event }) => ({ ids: [inspectorOf(event.link)] }) },
        { type: "tell", params: ({ context }) => rosterChanged(context) },
      ],
    },
    "peer.misbehaved": {
      actions: [
        { type: "ban", params: ({ event }) => event },
        {
          type: "tell",
          params: ({ context, event }) => ({
            to: memberOn(context, event.link)?.peer ?? [],
            event: { type: "peer.dropped", reason: "misbehaved" },
          }),
        },
      ],
    },
    "peer.counted": { actions: { type: "countPeer", params: ({ event }) => event } },
    "counts.changed": { actions: { type: "count", params: ({ event }) => event } },
    "heartbeat.due": [
      {
        guard: { type: "isTooSoon", params: ({ event }) => event },
        actions: { type: "tell", params: ({ context, event }) => beating(event.link, { ...heartbeatOf(context, event), peers: [] }) },
      },
      {
        actions: [
          { type: "tell", params: ({ context, event }) => beating(event.link, heartbeatOf(context, event)) },
          { type: "tellAddresses", params: ({ event }) => event },
        ],
      },
    ],
    "blocks.changed": {
      actions: [
        { type: "heed", params: ({ event }) => event },
        {
          type: "tell",
          params: ({ context, event }) => ({
            to: context.roster.filter((member) => isBlocked(event.blocks, member)).map(({ peer }) => peer),
            event: { type: "peer.dropped", reason: "blocked" },
          }),
        },
      ],
    },
    "stop.requested": { target: "draining" },
  },
})

export const node = words.createMachine({
  id: "node",
  context: ({ input }) => ({ ...input, roster: [], bans: new Map(), agents: 0, services: 0, addressesToldMs: Number.NEGATIVE_INFINITY }),
  initial: "booting",
  states: {
    booting: {
      on: {
        "counts.changed": { actions: { type: "count", params: ({ event }) => event } },
        "node.listening": {
          target: "joining",
          actions: [
            { type: "listen", params: ({ event }) => event },
            { type: "start", params: ({ context }) => ({ actor: "holdings", id: "holdings", input: { self: context.self.nodeId } }) },
            {
              type: "start",
              params: ({ context, event }) => ({
                actor: "gossip",
                id: "gossip",
                input: { self: context.self.nodeId, nowMs: event.nowMs, ...context.gossip },
              }),
            },
            { type: "start", params: { actor: "federation", id: "federation", input: {} } },
            { type: "startAll", params: ({ context }) => ({ actors: dhtCast(context) }) },
            { type: "tell", params: { to: "dht", event: { type: "dht.started" } } },
            { type: "start", params: ({ context }) => ({ actor: "bootstrap", id: "bootstrap", input: bootstrapInput(context) }) },
          ],
        },
        "stop.requested": { target: "stopped" },
      },
    },
    joining: {
      ...meshing,
      entry: { type: "report", params: { happening: { type: "node.phase", phase: "joining" } } },
      always: [
        { guard: "isLonely", target: "serving" },
        { guard: "hasPeers", target: "serving" },
      ],
      after: { joinPatience: "serving" },
    },
    serving: {
      ...meshing,
      entry: { type: "report", params: { happening: { type: "node.phase", phase: "serving" } } },
    },
    draining: {
      entry: [
        { type: "report", params: { happening: { type: "node.phase", phase: "draining" } } },
        {
          type: "tell",
          params: ({ context }) => ({
            to: ["bootstrap", ...context.roster.map((member) => member.peer)],
            event: { type: "peer.dropped", reason: "stopping" },
          }),
        },
      ],
      always: { guard: "isEmpty", target: "stopped" },
      after: { drainPatience: "stopped" },
      on: { "link.left": { actions: { type: "leave", params: ({ event }) => event } } },
    },
    stopped: { type: "final", entry: { type: "report", params: { happening: { type: "node.phase", phase: "stopped" } } } },
  },
})

// what the machine says, in terms of its context ---------------------------------------------------------------------

const admit = (context: NodeContext, member: Member) =>
  admission(context.roster, member, context.self.nodeId, { ...context, takesVisitors: context.dht !== undefined })

const memberOn = ({ roster }: NodeContext, link: Link): Member | undefined => roster.find((member) => member.link === link)

/** The link of the same registry that is held. */
const heldBy = ({ roster }: NodeContext, { registryId }: Member): Link => roster.find((member) => member.registryId === registryId)!.link

const beating = (link: Link, message: Heartbeat) => ({ to: "federation", event: { type: "heartbeat.due", link, message } })

const replaced = (context: NodeContext, member: Member): Member | undefined => {
  const verdict = admit(context, member)
  return verdict.type === "admit" ? verdict.replaces : undefined
}

const refusal = (context: NodeContext, member: Member): string => {
  const verdict = admit(context, member)
  return verdict.type === "refuse" ? verdict.reason : ""
}

const inspecting = ({ bootstrap, inspects }: NodeContext, member: Member): { readonly actors: ReadonlyArray<Casting> } => {
  const isConfigured = bootstrap.configured.some(({ key }) => key === member.publicKey)
  const input: InspectorInput = { member, isConfigured }
  return { actors: inspects === true ? [{ actor: "inspector", id: inspectorOf(member.link), input }] : [] }
}

/** Who finds no room is told who else there is (mesh page, "The bootnode"). */
const refused = (context: NodeContext, member: Member, nowMs: number) => {
  const reason = refusal(context, member)
  const introduction = heartbeatOf(context, { link: member.link, wantsAnswer: false, nowMs })
  return { type: "peer.refused", reason, ...(reason === "full" && member.direction === "in" && { introduction }) }
}

const rosterChanged = ({ roster }: NodeContext) => ({
  to: "bootstrap",
  event: { type: "roster.changed", members: roster.map(({ registryId, peer, address }) => ({ registryId, peer, address })) },
})

const inbound = (context: NodeContext, event: Extract<NodeEvent, { readonly type: "link.accepted" }>): PeerInput => ({
  direction: "in",
  id: inboundPeerOf(event.link),
  self: context.self,
  seed: (context.seed + event.link) >>> 0,
  link: event.link,
  key: event.key,
  host: event.host,
  nowMs: event.nowMs,
  ...(context.announcementsPerSecond !== undefined && { announcementsPerSecond: context.announcementsPerSecond }),
})

const bootstrapInput = ({ bootstrap, self, seed, maxPeers, announcementsPerSecond }: NodeContext): BootstrapInput => ({
  ...bootstrap,
  self,
  seed,
  maxPeers,
  ...(announcementsPerSecond !== undefined && { announcementsPerSecond }),
})

/** The table, the open questions, the publications: each keeps its own memory. */
const dhtCast = ({ blocks, dht, seed, self }: NodeContext): ReadonlyArray<Casting> => {
  if (dht === undefined) return []
  const own = { self: nodeKeyOf(self.publicKey), k: dht.k, alpha: dht.alpha }
  return [
    { actor: "dht", id: "dht", input: { ...dht, ...own, seed, ...(blocks !== undefined && { blocks }) } satisfies DhtInput },
    { actor: "dht-pool", id: "dht-pool", input: { self } satisfies DhtPoolInput },
    { actor: "dht-publisher", id: "dht-publisher", input: own satisfies DhtPublisherInput },
  ]
}

const heartbeatOf = (
  { self, roster, agents, services }: NodeContext,
  due: Pick<Extract<NodeEvent, { readonly type: "heartbeat.due" }>, "link" | "wantsAnswer" | "isAnswer" | "nowMs">,
): Heartbeat => ({
  type: "HEARTBEAT",
  registryId: self.nodeId,
  at: secondsOf(due.nowMs),
  peers: roster
    .flatMap(({ link, address }) => (link === due.link || address === undefined ? [] : [{ address, reputation: 1 }]))
    .slice(0, heartbeatPeersMax),
  agentCount: agents,
  serviceCount: services,
  wantsAnswer: due.wantsAnswer,
  ...(due.isAnswer === true && { isAnswer: true }),
})
