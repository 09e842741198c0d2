/**
 * One connection for DHT questions only, with a node that is no peer: dialled on demand, or a caller that said so in its
 * HELLO (TLS and HELLO like any other). Its questions and answers go past it, to `dht` and `dht-pool`.
 *
 * What we dial is the contact we mean only if its handshake proves that key.
 *
 *     starting ──out──► dialing ──dial.succeeded──► greeting ──HELLO──► open ──closed, out of order, unwanted──► gone
 *         │               │ dial.failed, other key      │ patience       ▲
 *         └──in───────────│─────────────────────────────│────────────────┘
 *                         └─────────────────────────────┴──► unreachable
 *
 * Only who was not reached is called unreachable: one that was may be dialled again at once, under the same name.
 */
import { assign, setup } from "xstate"
import type { Contact } from "../protocol/dht/contact.ts"
import { type DhtKey, nodeKeyOf } from "../protocol/dht/key.ts"
import type { PublicKey } from "../protocol/identity/key.ts"
import { dhtDialPatienceMs } from "../protocol/limits.ts"
import type { Address } from "../protocol/mesh/address.ts"
import * as Greeting from "../protocol/mesh/greeting.ts"
import { capabilities, type Hello, type Message } from "../protocol/wire/message.ts"
import { dhtLinkOf, visitorOf } from "./cast.ts"
import { type Casting, commands, type Link, type Outcome } from "./command.ts"

export type DhtLinkInput =
  | { readonly direction: "out"; readonly self: Hello; readonly contact: Contact }
  | {
      readonly direction: "in"
      readonly self: Hello
      readonly link: Link
      readonly key: PublicKey
      readonly host: string
      readonly hello: Hello
    }

export type DhtLinkEvent =
  | Extract<Outcome, { readonly type: "dial.succeeded" | "dial.failed" }>
  | { readonly type: "message.received"; readonly link: Link; readonly message: Message; readonly nowMs: number }
  | { readonly type: "frame.refused"; readonly link: Link; readonly reason: string }
  | { readonly type: "link.closed"; readonly link: Link; readonly reason: string }
  /** It rests, or there is no room. */
  | { readonly type: "link.unwanted" }

/** A connection, and the key that its handshake proved. */
interface Linked {
  readonly link: Link
  readonly key: PublicKey
  readonly host: string
}

interface DhtLinkContext {
  readonly input: DhtLinkInput
  readonly linked: Linked | undefined
  readonly hello: Hello | undefined
}

export const dhtLink = setup({
  types: { input: {} as DhtLinkInput, context: {} as DhtLinkContext, events: {} as DhtLinkEvent },
  actions: {
    ...commands("dial", "send", "close", "openLink", "tell"),
    link: assign((_, linked: Linked) => ({ linked })),
    hear: assign((_, { message }: { readonly message: Message }) => ({ hello: message as Hello })),
  },
  guards: {
    isInbound: ({ context }) => context.input.direction === "in",
    isMeant: ({ context: { input } }, { key }: { readonly key: PublicKey | undefined }) =>
      input.direction === "out" && key !== undefined && nodeKeyOf(key) === input.contact.id,
    isWelcome: ({ context }, { message }: { readonly message: Message }) => isWelcome(context, message),
  },
  delays: { patience: dhtDialPatienceMs },
}).createMachine({
  id: "dht-link",
  context: ({ input }) => ({
    input,
    linked: input.direction === "in" ? { link: input.link, key: input.key, host: input.host } : undefined,
    hello: input.direction === "in" ? input.hello : undefined,
  }),
  initial: "starting",
  states: {
    starting: {
      always: [
        // the listener answers a HELLO with its own
        {
          guard: "isInbound",
          target: "open",
          actions: { type: "send", params: ({ context }) => ({ link: linkOf(context), message: context.input.self }) },
        },
        { target: "dialing" },
      ],
    },
    dialing: {
      entry: { type: "dial", params: ({ context }) => ({ address: addressOf(context)!, patienceMs: dhtDialPatienceMs }) },
      on: {
        "dial.succeeded": [
          {
            guard: { type: "isMeant", params: ({ event }) => event },
            target: "greeting",
            actions: { type: "link", params: ({ event: { host, key, link } }) => ({ host, key: key!, link }) },
          },
          { target: "unreachable", actions: { type: "close", params: ({ event }) => ({ link: event.link, reason: "other-key" }) } },
        ],
        "dial.failed": "unreachable",
        "link.unwanted": "unreachable",
      },
    },
    greeting: {
      entry: { type: "send", params: ({ context }) => ({ link: linkOf(context), message: visiting(context) }) },
      after: { patience: { target: "unreachable", actions: { type: "close", params: ({ context }) => closing(context, "no-hello") } } },
      on: {
        "message.received": [
          {
            guard: { type: "isWelcome", params: ({ event }) => event },
            target: "open",
            actions: { type: "hear", params: ({ event }) => event },
          },
          { target: "unreachable", actions: { type: "close", params: ({ context }) => closing(context, "no-dht") } },
        ],
        "frame.refused": { target: "unreachable", actions: { type: "close", params: ({ event }) => event } },
        "link.closed": "unreachable",
        "link.unwanted": { target: "unreachable", actions: { type: "close", params: ({ context }) => closing(context, "unwanted") } },
      },
    },
    open: {
      entry: [
        { type: "openLink", params: ({ context }) => ({ link: linkOf(context), isVisit: true }) },
        { type: "tell", params: ({ context }) => ({ to: ["dht", "dht-pool"], event: { ...opened(context) } }) },
      ],
      exit: { type: "tell", params: ({ context }) => ({ to: ["dht", "dht-pool"], event: { type: "link.left", link: linkOf(context) } }) },
      on: {
        // DHT messages go past it: anything else is out of order
        "message.received": { target: "gone", actions: { type: "close", params: ({ context }) => closing(context, "out-of-order") } },
        "frame.refused": { target: "gone", actions: { type: "close", params: ({ event }) => event } },
        "link.closed": "gone",
        "link.unwanted": { target: "gone", actions: { type: "close", params: ({ context }) => closing(context, "unwanted") } },
      },
    },
    gone: { type: "final" },
    unreachable: {
      type: "final",
      entry: {
        type: "tell",
        params: ({ context }) => ({ to: "dht-pool", event: { type: "contact.unreachable", id: contactOf(context) } }),
      },
    },
  },
})

/** What the pool and the table need to know of a link. */
export interface LinkOpened {
  readonly type: "link.opened"
  readonly link: Link
  /** Whose key the handshake proved. */
  readonly id: DhtKey
  /** Where it is reached, if it answers questions; without it, it only asks. */
  readonly address?: Address
  readonly host: string
  /** The actor that closes it when it is not wanted; absent for a peer's, which stays. */
  readonly closer?: string
}

// what the machine says, in terms of its context ---------------------------------------------------------------------

const linkOf = ({ linked }: DhtLinkContext): Link => linked!.link
const addressOf = ({ input }: DhtLinkContext): Address | undefined => (input.direction === "out" ? input.contact.address : undefined)
const contactOf = ({ input }: DhtLinkContext): DhtKey => (input.direction === "out" ? input.contact.id : nodeKeyOf(input.key))
const closing = (context: DhtLinkContext, reason: string) => ({ link: linkOf(context), reason })
const visiting = ({ input }: DhtLinkContext): Hello => ({ ...input.self, purpose: "dht" })

const isWelcome = ({ input: { self }, linked }: DhtLinkContext, message: Message): boolean =>
  message.type === "HELLO" &&
  message.capabilities.includes(capabilities.dht) &&
  Greeting.judge(message, linked!.key, { registryId: self.nodeId, network: self.network }).type === "welcome"

const opened = ({ hello, input, linked }: DhtLinkContext): LinkOpened => ({
  ...openedOf(linked!, hello!, input.direction === "out" ? input.contact.address : Greeting.addressOf(hello!, linked!.host)),
  closer: input.direction === "out" ? dhtLinkOf(input.contact.id) : visitorOf(input.link),
})

// for a peer, whose connection carries DHT questions too --------------------------------------------------------------

/** Whom the DHT may ask over this link: who says that it answers, and where it can be dialled. */
export const openedOf = ({ host, key, link }: Linked, { capabilities: can }: Hello, address: Address | undefined): LinkOpened => {
  const serves = can.includes(capabilities.dht) && address !== undefined
  return { type: "link.opened", link, id: nodeKeyOf(key), host, ...(serves && { address }) }
}

/** A caller with questions only is no peer: its link goes to an actor of its own. */
export const visitOf = (self: Hello, { host, key, link }: Linked, hello: Hello): { readonly link: Link; readonly to: Casting } => ({
  link,
  to: { actor: "dht-link", id: visitorOf(link), input: { direction: "in", self, link, key, host, hello } satisfies DhtLinkInput },
})
