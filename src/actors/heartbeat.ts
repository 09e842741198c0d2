/**
 * Is the other end alive? One link's heartbeat (mesh page, HEARTBEAT; ruled: suspicion before death).
 *
 *     alive ──silent for 45 s──► suspecting ──silent for 150 s more──► dead
 *     ▲ ▲ └┘ every 30 s: beat        │ └┘ every 5 s: probe                ▲
 *     │ └────────heard again─────────┘                                    │
 *     └─heard── looking ◄──5 s later── doubting ◄──in doubt, from the beginning or later
 *                 │ └──not heard: probe──►┘                               │
 *                 └──four probes in vain──────────────────────────────────┘
 *
 * In doubt are links of nodes that forget one of two (`agentdns/quirks.ts`): what such a one has forgotten is silent for ever,
 * and a new link replaces it at once. One that once lived may be stuck for 90 s; then it is given up sooner than others, too.
 *
 * Now and then a beat asks for an answer: what lies between the two is the round trip (`runtime/links.ts`).
 */
import { assign, setup } from "xstate"
import { deployedProbeMs, deployedProbesMax, deployedSilenceMs } from "../protocol/agentdns/limits.ts"
import { beatsPerRoundTrip, heartbeatPeriodMs, probePeriodMs, suspicionAfterMs, suspicionPatienceMs } from "../protocol/limits.ts"
import type { Message } from "../protocol/wire/message.ts"
import { commands, type Link, type Outcome } from "./command.ts"

export interface HeartbeatInput {
  readonly link: Link
  /** The actor that holds the link, and ends it. */
  readonly peer: string
  readonly isDoubted?: boolean
  /** Its own period, so that it does not beat at the same moment as others; the usual one when absent. */
  readonly beatMs?: number
}

export interface HeartbeatContext extends HeartbeatInput {
  /** While it was alive. */
  readonly beats: number
  /** Probes since it was doubted. */
  readonly probes: number
}

export type HeartbeatEvent =
  | Extract<Outcome, { readonly type: "link.measured" }>
  | { readonly type: "message.received"; readonly link: Link; readonly message: Message; readonly nowMs: number }
  | { readonly type: "link.doubted" }

export const heartbeat = setup({
  types: { input: {} as HeartbeatInput, context: {} as HeartbeatContext, events: {} as HeartbeatEvent },
  actions: {
    ...commands("tell", "measure"),
    count: assign(({ context }) => ({ beats: context.beats + 1 })),
    doubt: assign({ probes: 1 }),
    probe: assign(({ context }) => ({ probes: context.probes + 1 })),
  },
  guards: {
    isQuiet: (_, { silentMs }: { readonly silentMs: number }) => silentMs > suspicionAfterMs,
    isDead: ({ context }, { silentMs }: { readonly silentMs: number }) =>
      silentMs > (context.isDoubted === true ? deployedSilenceMs : suspicionAfterMs + suspicionPatienceMs),
    isHeard: (_, { silentMs }: { readonly silentMs: number }) => silentMs <= probePeriodMs,
    isDoubted: ({ context }) => context.isDoubted === true,
    isHeardLately: (_, { silentMs }: { readonly silentMs: number }) => silentMs < deployedProbeMs,
    isGhost: ({ context }) => context.probes >= deployedProbesMax,
    wantsAnswer: (_, { message }: { readonly message: Message }) => message.type === "HEARTBEAT" && message.wantsAnswer,
  },
  delays: { beat: ({ context }) => context.beatMs ?? heartbeatPeriodMs, probe: probePeriodMs, look: deployedProbeMs },
}).createMachine({
  id: "heartbeat",
  context: ({ input }) => ({ ...input, beats: 0, probes: 0 }),
  initial: "starting",
  states: {
    starting: { always: [{ guard: "isDoubted", target: "doubting" }, { target: "alive" }] },
    doubting: {
      // the first is a whole heartbeat
      entry: { type: "tell", params: ({ context }) => due(context, { wantsAnswer: context.probes > 0 }) },
      after: { look: "looking" },
      on: {
        "message.received": {
          actions: [
            { type: "tell", params: ({ event }) => learned(event.message) },
            { type: "tell", params: ({ event }) => counted(event.link, event.message) },
            { type: "tell", params: ({ event }) => filtered(event.link, event.message) },
          ],
        },
      },
    },
    looking: {
      entry: { type: "measure", params: ({ context }) => context },
      on: {
        "link.measured": [
          { guard: { type: "isHeardLately", params: ({ event }) => event }, target: "alive" },
          { guard: "isGhost", target: "dead" },
          { target: "doubting", actions: "probe" },
        ],
        "message.received": {
          actions: [
            { type: "tell", params: ({ event }) => learned(event.message) },
            { type: "tell", params: ({ event }) => counted(event.link, event.message) },
            { type: "tell", params: ({ event }) => filtered(event.link, event.message) },
          ],
        },
      },
    },
    alive: {
      entry: [{ type: "tell", params: ({ context }) => due(context, { wantsAnswer: asksNow(context) }) }, "count"],
      after: { beat: { target: "alive", reenter: true, actions: { type: "measure", params: ({ context }) => context } } },
      on: {
        "link.measured": { guard: { type: "isQuiet", params: ({ event }) => event }, target: "suspecting" },
        "link.doubted": { target: "doubting", actions: "doubt" },
        "message.received": [
          {
            guard: { type: "wantsAnswer", params: ({ event }) => event },
            actions: [
              { type: "tell", params: ({ context }) => due(context, { wantsAnswer: false, isAnswer: true }) },
              { type: "tell", params: ({ event }) => learned(event.message) },
              { type: "tell", params: ({ event }) => counted(event.link, event.message) },
              { type: "tell", params: ({ event }) => filtered(event.link, event.message) },
            ],
          },
          {
            actions: [
              { type: "tell", params: ({ event }) => learned(event.message) },
              { type: "tell", params: ({ event }) => counted(event.link, event.message) },
              { type: "tell", params: ({ event }) => filtered(event.link, event.message) },
            ],
          },
        ],
      },
    },
    suspecting: {
      entry: { type: "tell", params: ({ context }) => due(context, { wantsAnswer: true }) },
      after: { probe: { target: "suspecting", reenter: true, actions: { type: "measure", params: ({ context }) => context } } },
      on: {
        "link.measured": [
          { guard: { type: "isDead", params: ({ event }) => event }, target: "dead" },
          { guard: { type: "isHeard", params: ({ event }) => event }, target: "alive" },
        ],
        "message.received": {
          target: "alive",
          actions: [
            { type: "tell", params: ({ event }) => learned(event.message) },
            { type: "tell", params: ({ event }) => counted(event.link, event.message) },
            { type: "tell", params: ({ event }) => filtered(event.link, event.message) },
          ],
        },
      },
    },
    dead: {
      type: "final",
      entry: { type: "tell", params: ({ context }) => ({ to: context.peer, event: { type: "link.silent", link: context.link } }) },
    },
  },
})

/** Nobody answers in the deployed dialect: there a ping goes with every beat. */
const asksNow = ({ beats, isDoubted }: HeartbeatContext): boolean => isDoubted !== true && beats % beatsPerRoundTrip === 0

const due = ({ link }: HeartbeatInput, kind: { readonly wantsAnswer: boolean; readonly isAnswer?: boolean }) => ({
  to: "node",
  event: { type: "heartbeat.due", link, ...kind },
})

const learned = (message: Message) => ({
  to: "bootstrap",
  event: { type: "addresses.learned", addresses: message.type === "HEARTBEAT" ? message.peers.map(({ address }) => address) : [] },
})

const counted = (link: Link, message: Message) => ({
  to: "node",
  event: { type: "peer.counted", link, agentCount: message.type === "HEARTBEAT" ? message.agentCount + message.serviceCount : 0 },
})

const filtered = (link: Link, message: Message) => ({ to: "federation", event: { type: "heartbeat.heard", link, message } })
