/**
 * One remote registry: from the dial, or its knock, to the end (mesh page, "Joining the mesh", TOFU).
 *
 * The dialler says HELLO first; the listener judges it, asks the node for a place, and answers with its own. A key that
 * contradicts what the operator configured or what was met at this address before ends it (`protocol/mesh/pin.ts`). Who closes
 * without a word may speak another dialect: it is dialled in that one, once.
 *
 *     knocking ──out──► dialing ──dial.succeeded──► greeting ──peer.admitted──► connected
 *         │               ▲  └─dial.failed─┐         ▲ │                            │
 *         └──in───────────│────────────────│─────────┘ │ refused, silent, closed    │ closed, faulty
 *                         │                ▼           ▼                            │
 *                         └──redial──── backingOff ◄───┴────────────────────────────┤
 *                                          │ gives up                               │ peer.dropped
 *                                          └─────────────► gone ◄───────────────────┘
 */
import { assign, setup } from "xstate"
import type { PublicKey } from "../protocol/identity/key.ts"
import { dialPatienceMs, greetingPatienceMs, redialFirstMs, redialMaxMs } from "../protocol/limits.ts"
import type { Address } from "../protocol/mesh/address.ts"
import { type Dice, dice, jittered } from "../protocol/mesh/dice.ts"
import type { Dialect, Heartbeat, Hello, Message } from "../protocol/wire/message.ts"
import { heartbeatOf, reconcilerOf, sessionOf } from "./cast.ts"
import { type Casting, commands, type Link, type Outcome } from "./command.ts"
import { openedOf, visitOf } from "./dht-link.ts"
import type { GossipSessionInput } from "./gossip-session.ts"
import type { PeerInput } from "./peer-input.ts"
import {
  can,
  dialectsOf,
  dialOf,
  heartbeatInput,
  isProven,
  memberOf,
  otherDialectEvery,
  otherThan,
  pinOf,
  provenOf,
  quirksIn,
  redialsAtOnce,
  returnOf,
  whyNot,
} from "./peer-facts.ts"
import { addressOf, arrival, departure, refusal, whyNotKey, wrongKey } from "./peer-happenings.ts"

export type PeerEvent =
  | Extract<Outcome, { readonly type: "dial.succeeded" | "dial.failed" }>
  | { readonly type: "message.received"; readonly link: Link; readonly message: Message; readonly nowMs: number }
  | { readonly type: "frame.refused"; readonly link: Link; readonly reason: string }
  | { readonly type: "link.closed"; readonly link: Link; readonly reason: string; readonly isTurnedAway?: true }
  | { readonly type: "link.silent"; readonly link: Link }
  | { readonly type: "peer.admitted" }
  | { readonly type: "peer.refused"; readonly reason: string; readonly introduction?: Heartbeat }
  | { readonly type: "peer.dropped"; readonly reason: string }

/** A connection, and what its handshake proved. */
export interface Linked {
  readonly link: Link
  /** Nothing with a deployed node over plain TCP: then it is what its greeting claims (`peer-facts.ts`). */
  readonly key: PublicKey | undefined
  readonly host: string
  readonly sinceMs: number
}

export interface PeerContext {
  readonly input: PeerInput
  /** The key that was met at this address, before or in this peer's own life. */
  readonly pinned: PublicKey | undefined
  readonly attempts: number
  /** How many there were before the last HELLO. */
  readonly attemptsBefore: number
  /** In which it is dialled now, and in which it was understood last. */
  readonly dialect: Dialect
  readonly known: Dialect
  /** It was dialled in the other one since it was understood. */
  readonly isOtherTried: boolean
  /** Where a caller is dialled when it is lost. */
  readonly returnTo: Address | undefined
  readonly dice: Dice
  readonly waitMs: number
  readonly linked: Linked | undefined
  readonly hello: Hello | undefined
  /** Why it is not connected any more. */
  readonly reason: string
}

export const peer = setup({
  types: { input: {} as PeerInput, context: {} as PeerContext, events: {} as PeerEvent },
  actions: {
    ...commands("dial", "send", "close", "openLink", "pin", "handOver", "start", "startAll", "stop", "tell", "report"),
    link: assign((_, linked: Linked) => ({ linked })),
    hear: assign(({ context }, { hello }: { readonly hello: Hello }) => ({ hello, known: context.dialect })),
    switchDialect: assign(({ context }) => ({ dialect: otherThan(context), isOtherTried: true, linked: undefined })),
    end: assign((_, { reason }: { readonly reason: string }) => ({ reason })),
    succeed: assign(({ context }) => ({
      attempts: 0,
      attemptsBefore: context.attempts,
      isOtherTried: false,
      reason: "",
      returnTo: returnOf(context),
    })),
    stayAway: assign({ returnTo: undefined }),
    /** It will never be anybody else. */
    giveUpOnOurselves: assign((_, { reason }: { readonly reason: string }) =>
      reason === "own-id" ? { attempts: Number.POSITIVE_INFINITY } : {},
    ),
    /** Who loses links by itself is dialled again at once, then ever later like any other. */
    hurry: assign(({ context }) => (context.hello?.quirks?.losesLinks === true ? { attempts: -redialsAtOnce } : {})),
    /** It was no success after all. */
    countOn: assign(({ context }) => ({ attempts: context.attemptsBefore })),
    remember: assign(({ context }) => ({ pinned: context.linked!.key })),
    /** One more attempt failed: wait twice as long, with jitter, and start from nothing. */
    fail: assign(({ context }) => {
      const [waitMs, next] = jittered(Math.min(redialMaxMs, redialFirstMs * 2 ** context.attempts), context.dice)
      const attempts = context.attempts + 1
      const isOtherTried = context.isOtherTried && attempts % otherDialectEvery !== 0
      return { attempts, waitMs, dice: next, dialect: context.known, isOtherTried, linked: undefined, hello: undefined }
    }),
  },
  guards: {
    isInbound: ({ context }) => context.input.direction === "in",
    isVisitor: ({ context }) => context.input.direction === "in" && context.hello?.purpose === "dht",
    givesUp: ({ context }) => context.input.direction === "in" || context.attempts >= context.input.attemptsMax,
    isNotToGreet: ({ context }, { key }: { readonly key: PublicKey | undefined }) =>
      key !== undefined && whyNotKey(context, key) !== undefined,
    isProven: ({ context }) => context.linked?.key !== undefined,
    /** There is no room, but others may have some. */
    isIntroduced: (_, { introduction }: { readonly introduction?: Heartbeat }) => introduction !== undefined,
    isOurs: ({ context }, { link }: { readonly link: Link }) => link === context.linked?.link,
    /** It closed without a HELLO, and there is another dialect to try. */
    mayNotUnderstand: ({ context }, { link }: { readonly link: Link }) =>
      link === context.linked?.link && context.hello === undefined && !context.isOtherTried && otherThan(context) !== context.dialect,
    isTurnedAway: ({ context }, event: { readonly link: Link; readonly isTurnedAway?: true }) =>
      event.link === context.linked?.link && event.isTurnedAway === true,
    isWelcome: ({ context }, { message }: { readonly message: Message }) => whyNot(context, message) === undefined,
  },
  delays: { redial: ({ context }) => context.waitMs, greetingPatience: greetingPatienceMs },
}).createMachine({
  id: "peer",
  context: ({ input }) => ({
    input,
    pinned: input.direction === "out" ? input.pinned : undefined,
    attempts: 0,
    attemptsBefore: 0,
    dialect: dialectsOf(input)[0],
    known: dialectsOf(input)[0],
    isOtherTried: false,
    returnTo: undefined,
    dice: dice(input.seed),
    waitMs: redialFirstMs,
    linked: input.direction === "in" ? { link: input.link, key: input.key, host: input.host, sinceMs: input.nowMs } : undefined,
    hello: undefined,
    reason: "",
  }),
  initial: "knocking",
  states: {
    knocking: { always: [{ guard: "isInbound", target: "greeting" }, { target: "dialing" }] },

    dialing: {
      entry: {
        type: "dial",
        params: ({ context }) => ({ address: addressOf(context)!, patienceMs: dialPatienceMs, dialect: context.dialect }),
      },
      on: {
        "dial.succeeded": [
          {
            guard: { type: "isNotToGreet", params: ({ event }) => event },
            target: "backingOff",
            actions: [
              { type: "report", params: ({ context, event }) => ({ happening: wrongKey(context, event.key!) }) },
              { type: "close", params: ({ context, event }) => ({ link: event.link, reason: whyNotKey(context, event.key!)! }) },
              { type: "end", params: ({ context, event }) => ({ reason: whyNotKey(context, event.key!)! }) },
              { type: "giveUpOnOurselves", params: ({ context, event }) => ({ reason: whyNotKey(context, event.key!)! }) },
            ],
          },
          {
            target: "greeting",
            actions: [
              { type: "link", params: ({ event }) => ({ link: event.link, key: event.key, host: event.host, sinceMs: event.nowMs }) },
              {
                type: "send",
                params: ({ context }) => ({ link: linkOf(context), message: { ...context.input.self, dial: dialOf(context.linked!) } }),
              },
            ],
          },
        ],
        "dial.failed": { target: "backingOff", actions: { type: "end", params: ({ event }) => event } },
        "peer.dropped": { target: "gone", actions: { type: "end", params: ({ event }) => event } },
      },
    },

    greeting: {
      after: {
        greetingPatience: {
          target: "backingOff",
          actions: [
            { type: "close", params: ({ context }) => ({ link: linkOf(context), reason: "no-hello" }) },
            { type: "end", params: { reason: "no-hello" } },
          ],
        },
      },
      on: {
        "message.received": [
          {
            guard: { type: "isWelcome", params: ({ event }) => event },
            actions: [
              { type: "hear", params: ({ event }) => ({ hello: event.message as Hello }) },
              { type: "tell", params: ({ context }) => ({ to: "node", event: { type: "peer.greeted", member: memberOf(context) } }) },
            ],
          },
          {
            target: "backingOff",
            actions: [
              { type: "tell", params: ({ context, event }) => verdict(context, whyNot(context, event.message)!) },
              { type: "report", params: ({ context, event }) => ({ happening: refusal(context, whyNot(context, event.message)!) }) },
              { type: "close", params: ({ context, event }) => ({ link: linkOf(context), reason: whyNot(context, event.message)! }) },
              { type: "end", params: ({ context, event }) => ({ reason: whyNot(context, event.message)! }) },
              { type: "giveUpOnOurselves", params: ({ context, event }) => ({ reason: whyNot(context, event.message)! }) },
            ],
          },
        ],
        "frame.refused": {
          target: "backingOff",
          actions: [
            { type: "tell", params: ({ context, event }) => verdict(context, event.reason) },
            { type: "close", params: ({ event }) => event },
            { type: "end", params: ({ event }) => event },
          ],
        },
        "link.closed": [
          { guard: { type: "mayNotUnderstand", params: ({ event }) => event }, target: "dialing", actions: "switchDialect" },
          {
            guard: { type: "isOurs", params: ({ event }) => event },
            target: "backingOff",
            actions: { type: "end", params: ({ event }) => event },
          },
        ],
        "peer.admitted": [
          {
            guard: "isVisitor",
            target: "gone",
            actions: { type: "handOver", params: ({ context: c }) => visitOf(c.input.self, provenOf(c), c.hello!) },
          },
          {
            guard: "isInbound",
            target: "connected",
            actions: { type: "send", params: ({ context }) => ({ link: linkOf(context), message: context.input.self }) },
          },
          {
            guard: "isProven",
            target: "connected",
            actions: [
              "remember",
              { type: "pin", params: ({ context }) => ({ pin: pinOf(context) }) },
              { type: "tell", params: ({ context }) => ({ to: "bootstrap", event: { type: "key.met", pin: pinOf(context) } }) },
            ],
          },
          // it proved nothing: nothing is pinned
          { target: "connected" },
        ],
        "peer.refused": [
          {
            guard: { type: "isIntroduced", params: ({ event }) => event },
            target: "gone",
            actions: [
              { type: "send", params: ({ context }) => ({ link: linkOf(context), message: context.input.self }) },
              { type: "send", params: ({ context, event }) => ({ link: linkOf(context), message: event.introduction! }) },
              { type: "report", params: ({ context, event }) => ({ happening: refusal(context, event.reason) }) },
              { type: "close", params: ({ context, event }) => ({ link: linkOf(context), reason: event.reason }) },
              { type: "end", params: ({ event }) => event },
            ],
          },
          {
            target: "gone",
            actions: [
              { type: "report", params: ({ context, event }) => ({ happening: refusal(context, event.reason) }) },
              { type: "close", params: ({ context, event }) => ({ link: linkOf(context), reason: event.reason }) },
              { type: "end", params: ({ event }) => event },
            ],
          },
        ],
        "peer.dropped": {
          target: "gone",
          actions: [
            { type: "close", params: ({ context, event }) => ({ link: linkOf(context), reason: event.reason }) },
            { type: "end", params: ({ event }) => event },
          ],
        },
      },
    },

    connected: {
      entry: [
        "succeed",
        { type: "openLink", params: ({ context }) => ({ link: linkOf(context) }) },
        {
          type: "start",
          params: ({ context }) => ({ actor: "gossip-session" as const, id: sessionOf(linkOf(context)), input: sessionInput(context) }),
        },
        {
          type: "start",
          params: ({ context }) => ({
            actor: "heartbeat" as const,
            id: heartbeatOf(linkOf(context)),
            input: heartbeatInput(context),
          }),
        },
        { type: "tell", params: ({ context }) => joining(context) },
        { type: "startAll", params: ({ context }) => ({ actors: reconciling(context) }) },
        {
          type: "tell",
          params: ({ context }) => ({
            to: ["dht", "dht-pool"],
            event: { ...openedOf(provenOf(context), context.hello!, isProven(context) ? memberOf(context).address : undefined) },
          }),
        },
        { type: "report", params: ({ context }) => ({ happening: arrival(context) }) },
      ],
      exit: [
        {
          type: "stop",
          params: ({ context }) => ({ ids: [sessionOf(linkOf(context)), heartbeatOf(linkOf(context)), reconcilerOf(linkOf(context))] }),
        },
        { type: "tell", params: ({ context }) => leaving(context) },
      ],
      on: {
        // what still reaches the peer itself is out of order: a second HELLO
        "message.received": {
          target: "backingOff",
          actions: [
            { type: "tell", params: ({ context }) => verdict(context, "out-of-order") },
            { type: "close", params: ({ event }) => ({ link: event.link, reason: "out-of-order" }) },
            { type: "report", params: ({ context }) => ({ happening: departure(context, "out-of-order") }) },
            { type: "end", params: { reason: "out-of-order" } },
          ],
        },
        "frame.refused": {
          target: "backingOff",
          actions: [
            { type: "tell", params: ({ context, event }) => verdict(context, event.reason) },
            { type: "close", params: ({ event }) => event },
            { type: "report", params: ({ context, event }) => ({ happening: departure(context, event.reason) }) },
            { type: "end", params: ({ event }) => event },
          ],
        },
        "link.closed": [
          {
            guard: { type: "isTurnedAway", params: ({ event }) => event },
            target: "backingOff",
            actions: [
              "countOn",
              { type: "report", params: ({ context, event }) => ({ happening: departure(context, event.reason) }) },
              { type: "end", params: ({ event }) => event },
            ],
          },
          {
            guard: { type: "isOurs", params: ({ event }) => event },
            target: "backingOff",
            actions: [
              "hurry",
              { type: "report", params: ({ context, event }) => ({ happening: departure(context, event.reason) }) },
              { type: "end", params: ({ event }) => event },
            ],
          },
        ],
        "link.silent": {
          guard: { type: "isOurs", params: ({ event }) => event },
          target: "backingOff",
          actions: [
            { type: "close", params: ({ event }) => ({ link: event.link, reason: "silent" }) },
            { type: "report", params: ({ context }) => ({ happening: departure(context, "silent") }) },
            { type: "end", params: { reason: "silent" } },
          ],
        },
        "peer.dropped": {
          target: "gone",
          actions: [
            "stayAway",
            { type: "close", params: ({ context, event }) => ({ link: linkOf(context), reason: event.reason }) },
            { type: "report", params: ({ context, event }) => ({ happening: departure(context, event.reason) }) },
            { type: "end", params: ({ event }) => event },
          ],
        },
      },
    },

    backingOff: {
      entry: "fail",
      always: { guard: "givesUp", target: "gone" },
      after: { redial: "dialing" },
      on: { "peer.dropped": { target: "gone", actions: { type: "end", params: ({ event }) => event } } },
    },

    gone: {
      type: "final",
      entry: {
        type: "tell",
        params: ({ context: { input, reason, returnTo } }) => ({
          to: "bootstrap",
          event: { type: "peer.gone", peer: input.id, reason, ...(returnTo !== undefined && { returnTo }) },
        }),
      },
    },
  },
})

// what the machine says, in terms of its context ---------------------------------------------------------------------

const linkOf = ({ linked }: PeerContext): Link => linked!.link

const joining = (context: PeerContext) => ({
  to: ["gossip", "federation", ...heralds(context)],
  event: {
    type: "link.joined",
    link: linkOf(context),
    speaksLazily: can(context, "lazyPush"),
    ...deployed(context),
    ...quirksIn(context),
  },
})

const leaving = (context: PeerContext) => ({
  to: ["gossip", "holdings", "federation", "node", "dht", "dht-pool", ...heralds(context)],
  event: { type: "link.left", link: linkOf(context) },
})

/** Who speaks the deployed dialect is told by the herald. */
const heralds = ({ hello }: PeerContext): ReadonlyArray<string> => (hello?.quirks === undefined ? [] : ["herald"])
const deployed = ({ hello }: PeerContext) => (hello?.quirks === undefined ? {} : { deployed: hello.nodeId })

const sessionInput = ({ input, linked }: PeerContext): GossipSessionInput => ({
  link: linked!.link,
  nowMs: linked!.sinceMs,
  ...(input.announcementsPerSecond !== undefined && { announcementsPerSecond: input.announcementsPerSecond }),
})

/** The dialler asks, the other end answers. */
const reconciling = (context: PeerContext): ReadonlyArray<Casting> =>
  context.input.direction === "out" && can(context, "reconcile")
    ? [{ actor: "reconciler", id: reconcilerOf(linkOf(context)), input: { link: linkOf(context), seed: context.dice.state } }]
    : []

const verdict = (context: PeerContext, reason: string) => ({
  to: "gossip",
  event: { type: "verdict.given", link: linkOf(context), verdict: `drop:${reason}` },
})
