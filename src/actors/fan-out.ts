/**
 * One federated query (mesh page, "Federated search"): up to ten peers, that `federation` chooses, are asked at once, and each
 * has 1.5 s.
 *
 * It ends when all that are waited for have answered, or gone, or the time is up; who was silent the last time is asked, but
 * not waited for. What they answered is believed by nobody here: the documents prove themselves.
 *
 *     choosing ──peers.chosen──► asking ──all awaited answered · patience──► done
 */
import { assign, setup } from "xstate"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import type { Question } from "../protocol/search/question.ts"
import type { Hearsay, Message, Query, QueryAck, QueryId } from "../protocol/wire/message.ts"
import { commands, type Link } from "./command.ts"

export interface FanOutInput {
  readonly query: QueryId
  readonly question: Question
  readonly most: number
  readonly patienceMs: number
}

/** A peer that is asked, and how often it may pass the query on. */
export interface Asked {
  readonly link: Link
  readonly hops: number
}

export interface Answered {
  readonly link: Link
  readonly total: number
  readonly documents: ReadonlyArray<JsonObject>
  readonly hearsay?: ReadonlyArray<Hearsay>
}

export type FanOutEvent =
  | { readonly type: "peers.chosen"; readonly asked: ReadonlyArray<Asked>; readonly awaited: ReadonlyArray<Link>; readonly nowMs: number }
  | { readonly type: "message.received"; readonly link: Link; readonly message: Message; readonly nowMs: number }
  | { readonly type: "peer.left"; readonly link: Link; readonly nowMs: number }

export interface FanOutContext extends FanOutInput {
  readonly asked: ReadonlyArray<Asked>
  /** Who has not answered yet; and those of them that it does not end without. */
  readonly waiting: ReadonlyArray<Link>
  readonly awaited: ReadonlyArray<Link>
  readonly answers: ReadonlyArray<Answered>
}

export const fanOut = setup({
  types: { input: {} as FanOutInput, context: {} as FanOutContext, events: {} as FanOutEvent },
  actions: {
    ...commands("tell", "broadcast"),
    ask: assign((_, { asked, awaited }: { readonly asked: ReadonlyArray<Asked>; readonly awaited: ReadonlyArray<Link> }) => ({
      asked,
      waiting: asked.map(({ link }) => link),
      awaited,
    })),
    hear: assign(({ context }, { link, message }: { readonly link: Link; readonly message: Message }) => ({
      ...without(context, link),
      answers: message.type === "QUERY_ACK" ? [...context.answers, answeredBy(link, message)] : context.answers,
    })),
    leave: assign(({ context }, { link }: { readonly link: Link }) => without(context, link)),
  },
  guards: {
    isOver: ({ context }) => context.awaited.length === 0,
    isExpected: ({ context }, { link, message }: { readonly link: Link; readonly message: Message }) =>
      message.type === "QUERY_ACK" && message.id === context.query && context.waiting.includes(link),
  },
  delays: { patience: ({ context }) => context.patienceMs },
}).createMachine({
  id: "fan-out",
  context: ({ input }) => ({ ...input, asked: [], waiting: [], awaited: [], answers: [] }),
  initial: "choosing",
  states: {
    choosing: {
      after: { patience: "done" },
      on: {
        "peers.chosen": {
          target: "asking",
          actions: [
            { type: "ask", params: ({ event }) => event },
            { type: "broadcast", params: ({ context, event }) => queryTo(context, event.asked, (hops) => hops > 0) },
            { type: "broadcast", params: ({ context, event }) => queryTo(context, event.asked, (hops) => hops === 0) },
          ],
        },
      },
    },
    asking: {
      always: { guard: "isOver", target: "done" },
      after: { patience: "done" },
      on: {
        "message.received": {
          guard: { type: "isExpected", params: ({ event }) => event },
          actions: { type: "hear", params: ({ event }) => event },
        },
        "peer.left": { actions: { type: "leave", params: ({ event }) => event } },
      },
    },
    done: {
      type: "final",
      entry: {
        type: "tell",
        params: ({ context }) => ({ to: "federation", event: { type: "peers.asked", query: context.query, silent: context.awaited } }),
      },
    },
  },
})

const answeredBy = (link: Link, { documents, hearsay, total }: QueryAck): Answered => ({
  link,
  total,
  documents,
  ...(hearsay !== undefined && { hearsay }),
})

const without = ({ awaited, waiting }: FanOutContext, link: Link) => ({
  waiting: waiting.filter((other) => other !== link),
  awaited: awaited.filter((other) => other !== link),
})

/** To those who may pass it on, or to the others. All of the first may do so equally often. */
const queryTo = ({ most, patienceMs, query, question }: FanOutContext, asked: ReadonlyArray<Asked>, is: (hops: number) => boolean) => {
  const these = asked.filter(({ hops }) => is(hops))
  const message: Query = { type: "QUERY", id: query, hops: these[0]?.hops ?? 0, withinMs: patienceMs, most, question }
  return { links: these.map(({ link }) => link), message }
}
