/**
 * Is the other end alive? One link's heartbeat (mesh page, HEARTBEAT; ruled: suspicion before death).
 *
 *     alive ──silent for 45 s──► suspecting ──silent for 150 s more──► dead
 *       ▲ └┘ every 30 s: beat        │ └┘ every 5 s: probe
 *       └────────heard again─────────┘
 *
 * Now and then a beat asks for an answer: what lies between the two is the round trip (`runtime/links.ts`).
 */
import { assign, setup } from "xstate"
import { beatsPerRoundTrip, heartbeatPeriodMs, probePeriodMs, suspicionAfterMs, suspicionPatienceMs } from "../protocol/limits.ts"
import type { Message } from "../protocol/wire/message.ts"
import { commands, type Link, type Outcome } from "./command.ts"

export interface HeartbeatInput {
  readonly link: Link
  /** The actor that holds the link, and ends it. */
  readonly peer: string
}

interface HeartbeatContext extends HeartbeatInput {
  /** While it was alive. */
  readonly beats: number
}

export type HeartbeatEvent =
  | Extract<Outcome, { readonly type: "link.measured" }>
  | { readonly type: "message.received"; readonly link: Link; readonly message: Message; readonly nowMs: number }

export const heartbeat = setup({
  types: { input: {} as HeartbeatInput, context: {} as HeartbeatContext, events: {} as HeartbeatEvent },
  actions: { ...commands("tell", "measure"), count: assign(({ context }) => ({ beats: context.beats + 1 })) },
  guards: {
    isQuiet: (_, { silentMs }: { readonly silentMs: number }) => silentMs > suspicionAfterMs,
    isDead: (_, { silentMs }: { readonly silentMs: number }) => silentMs > suspicionAfterMs + suspicionPatienceMs,
    isHeard: (_, { silentMs }: { readonly silentMs: number }) => silentMs <= probePeriodMs,
    wantsAnswer: (_, { message }: { readonly message: Message }) => message.type === "HEARTBEAT" && message.wantsAnswer,
  },
  delays: { beat: heartbeatPeriodMs, probe: probePeriodMs },
}).createMachine({
  id: "heartbeat",
  context: ({ input }) => ({ ...input, beats: 0 }),
  initial: "alive",
  states: {
    alive: {
      entry: [{ type: "tell", params: ({ context }) => due(context, { wantsAnswer: context.beats % beatsPerRoundTrip === 0 }) }, "count"],
      after: { beat: { target: "alive", reenter: true, actions: { type: "measure", params: ({ context }) => context } } },
      on: {
        "link.measured": { guard: { type: "isQuiet", params: ({ event }) => event }, target: "suspecting" },
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
