/**
 * Finding first peers, and new ones when some are lost (mesh page, "The bootnode", "Joining the mesh").
 *
 * Configured addresses are dialled at once and for ever; addresses that peers tell are candidates, drawn at random while
 * there are fewer peers than we want, so that the mesh stays connected without its bootnode.
 *
 *     looking ──peer.dropped──► done
 *       └┘ refill period, first candidates: dial what is missing
 */
import { assign, setup } from "xstate"
import { idOf, type RegistryId } from "../protocol/identity/id.ts"
import type { PublicKey } from "../protocol/identity/key.ts"
import { configuredPeersMax, dialAttemptsMax, refillPeriodMs } from "../protocol/limits.ts"
import { type Address, writeAddress } from "../protocol/mesh/address.ts"
import * as Candidates from "../protocol/mesh/candidates.ts"
import { type Dice, dice, roll } from "../protocol/mesh/dice.ts"
import type { PeerPin } from "../protocol/mesh/pin.ts"
import type { Dialect, Hello } from "../protocol/wire/message.ts"
import { outboundPeerOf } from "./cast.ts"
import { commands } from "./command.ts"
import type { PeerInput } from "./peer-input.ts"

export interface BootstrapInput {
  readonly self: Hello
  readonly seed: number
  readonly configured: ReadonlyArray<{ readonly address: Address; readonly key?: PublicKey }>
  readonly pins: ReadonlyArray<PeerPin>
  /** Peers it wants; it dials candidates while there are fewer. 0: it dials the configured ones only. */
  readonly wantedPeers: number
  readonly maxPeers: number
  /** What others may speak whom it dials; the pages' dialect when absent. */
  readonly dialect?: "auto" | Dialect
  /** What each peer may send; the page's number when absent. */
  readonly announcementsPerSecond?: number
}

export type BootstrapEvent =
  | { readonly type: "addresses.learned"; readonly addresses: ReadonlyArray<Address> }
  /** The operator names one more, to be dialled at once and for ever. */
  | { readonly type: "peer.named"; readonly address: Address; readonly key?: PublicKey }
  | {
      readonly type: "roster.changed"
      readonly members: ReadonlyArray<{ readonly registryId: RegistryId; readonly peer: string; readonly address?: Address }>
    }
  | { readonly type: "key.met"; readonly pin: PeerPin }
  /** `returnTo`: a caller that is to be dialled now. */
  | { readonly type: "peer.gone"; readonly peer: string; readonly reason: string; readonly returnTo?: Address }
  | { readonly type: "peer.dropped"; readonly reason: string }

interface BootstrapContext extends BootstrapInput {
  readonly candidates: Candidates.Candidates
  /** Outbound peers that are running, by actor id. */
  readonly running: ReadonlySet<string>
  /** Addresses and ids of members, and how many members there are. */
  readonly connected: ReadonlySet<string>
  readonly registries: ReadonlySet<RegistryId>
  readonly members: number
  /** Addresses at which we met ourselves: deployed nodes tell everybody all they are connected to, ourselves included. */
  readonly own: ReadonlySet<string>
  /** Callers that were lost, to be dialled with the next plan. */
  readonly returning: ReadonlyArray<Address>
  /** What to start next; filled by `plan`, emptied by the commands. */
  readonly next: ReadonlyArray<PeerInput>
  readonly dice: Dice
}

export const bootstrap = setup({
  types: { input: {} as BootstrapInput, context: {} as BootstrapContext, events: {} as BootstrapEvent },
  actions: {
    ...commands("startAll", "tell"),
    plan: assign(({ context }) => plan(context)),
    learn: assign(({ context }, { addresses }: { readonly addresses: ReadonlyArray<Address> }) => ({
      candidates: context.wantedPeers === 0 ? context.candidates : Candidates.learn(context.candidates, addresses),
    })),
    configure: assign(({ context }, { address, key }: Extract<BootstrapEvent, { readonly type: "peer.named" }>) => {
      const others = context.configured.filter((peer) => writeAddress(peer.address) !== writeAddress(address))
      return { configured: [...others, { address, ...(key !== undefined && { key }) }].slice(-configuredPeersMax) }
    }),
    enrol: assign((_, { members }: Extract<BootstrapEvent, { readonly type: "roster.changed" }>) => ({
      connected: new Set(members.flatMap(({ address }) => (address === undefined ? [] : [writeAddress(address)]))),
      registries: new Set(members.map(({ registryId }) => registryId)),
      members: members.length,
    })),
    pinKey: assign(({ context }, { pin }: { readonly pin: PeerPin }) => ({
      pins: [...context.pins.filter(({ address }) => address !== pin.address), pin],
    })),
    return: assign(({ context }, { address }: { readonly address: Address }) => ({ returning: [...context.returning, address] })),
    strike: assign(({ context }, { peer, reason }: { readonly peer: string; readonly reason: string }) => ({
      ...(reason === "own-id" && { own: new Set([...context.own, peer.slice("peer/".length)].slice(-ownAddressesMax)) }),
      running: new Set([...context.running].filter((id) => id !== peer)),
      candidates: Candidates.blame(context.candidates, peer.slice("peer/".length)),
    })),
  },
  guards: {
    isToReturn: (_, { returnTo }: { readonly returnTo?: Address }) => returnTo !== undefined,
    /** Who was told of nobody yet need not wait: a newcomer meets the mesh at once. */
    isFirstNews: ({ context }, { addresses }: { readonly addresses: ReadonlyArray<Address> }) =>
      context.wantedPeers > 0 && context.candidates.size === 0 && addresses.length > 0,
  },
}).createMachine({
  id: "bootstrap",
  context: ({ input }) => ({
    ...input,
    candidates: new Map(),
    running: new Set(),
    connected: new Set(),
    registries: new Set(),
    members: 0,
    own: new Set(),
    returning: [],
    next: [],
    dice: dice(input.seed),
  }),
  initial: "looking",
  states: {
    looking: {
      entry: [
        "plan",
        {
          type: "startAll",
          params: ({ context }) => ({ actors: context.next.map((input) => ({ actor: "peer" as const, id: input.id, input })) }),
        },
      ],
      after: { [refillPeriodMs]: { target: "looking", reenter: true } },
      on: {
        "addresses.learned": [
          {
            guard: { type: "isFirstNews", params: ({ event }) => event },
            target: "looking",
            reenter: true,
            actions: { type: "learn", params: ({ event }) => event },
          },
          { actions: { type: "learn", params: ({ event }) => event } },
        ],
        "peer.named": { target: "looking", reenter: true, actions: { type: "configure", params: ({ event }) => event } },
        "roster.changed": { actions: { type: "enrol", params: ({ event }) => event } },
        "key.met": { actions: { type: "pinKey", params: ({ event }) => event } },
        "peer.gone": [
          {
            guard: { type: "isToReturn", params: ({ event }) => event },
            target: "looking",
            reenter: true,
            actions: [
              { type: "strike", params: ({ event }) => event },
              { type: "return", params: ({ event }) => ({ address: event.returnTo! }) },
            ],
          },
          { actions: { type: "strike", params: ({ event }) => event } },
        ],
        "peer.dropped": {
          target: "done",
          actions: { type: "tell", params: ({ context, event }) => ({ to: [...context.running], event }) },
        },
      },
    },
    done: { type: "final" },
  },
})

/** One for each of our interfaces and names. */
const ownAddressesMax = 32

/** Whom to dial now: configured addresses that are neither running nor connected, then candidates. */
const plan = (context: BootstrapContext): Partial<BootstrapContext> => {
  const pinnedAt = (address: Address) => context.pins.find((pin) => pin.address === writeAddress(address))?.key
  /** Another address of somebody who is connected: dialled again, it would only take the other link's place. */
  const isAnothers = (key: PublicKey | undefined) => key !== undefined && context.registries.has(idOf("registry", key))
  const isBusy = (address: Address) =>
    context.running.has(outboundPeerOf(address)) ||
    context.own.has(writeAddress(address)) ||
    context.connected.has(writeAddress(address)) ||
    isAnothers(pinnedAt(address))
  const missing = context.configured.filter(({ address }) => !isBusy(address))
  const busy = new Set([...context.connected, ...context.own, ...[...context.running].map((id) => id.slice("peer/".length))])
  const room = Math.min(context.wantedPeers, context.maxPeers) - context.members - missing.length
  const [drawn, afterDraw] = Candidates.choose(context.candidates, busy, room, context.dice)
  let current = afterDraw
  // its link is the roster's still, but not for long
  const returning = context.returning.filter((address) => !context.running.has(outboundPeerOf(address)))
  const next = [
    ...returning.map((address) => ({ address, key: undefined, attemptsMax: dialAttemptsMax })),
    ...missing.map((peer) => ({ ...peer, attemptsMax: Number.POSITIVE_INFINITY })),
    ...drawn.map((address) => ({ address, key: undefined, attemptsMax: dialAttemptsMax })),
  ].map(({ address, key, attemptsMax }): PeerInput => {
    const [value, after] = roll(current)
    current = after
    const pinned = pinnedAt(address)
    const dialects = dialectsAt(context, address)
    return {
      direction: "out",
      id: outboundPeerOf(address),
      self: context.self,
      seed: Math.floor(value * 2 ** 32),
      address,
      attemptsMax,
      ...(context.announcementsPerSecond !== undefined && { announcementsPerSecond: context.announcementsPerSecond }),
      ...(key !== undefined && { configured: key }),
      ...(pinned !== undefined && { pinned }),
      ...(dialects !== undefined && { dialects }),
    }
  })
  return { next, returning: [], dice: current, running: new Set([...context.running, ...next.map(({ id }) => id)]) }
}

/** The one that was spoken there before, else ours. */
const dialectsAt = (
  { dialect = "spec", pins, returning }: BootstrapContext,
  address: Address,
): Extract<PeerInput, { direction: "out" }>["dialects"] => {
  if (dialect !== "auto") return dialect === "spec" ? undefined : [dialect]
  const isDeployed = returning.includes(address) || pins.some((pin) => pin.dialect === "agentdns" && pin.address === writeAddress(address))
  return isDeployed ? ["agentdns", "spec"] : ["spec", "agentdns"]
}
