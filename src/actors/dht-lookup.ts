/**
 * One lookup in the DHT: for the k closest contacts to a key, or for its value (Kademlia §2.3; `protocol/dht/search.ts` has
 * the arithmetic).
 *
 * It asks its own node's table whom to begin with, and then others through the pool. Every question is answered exactly
 * once, by `question.answered` or `question.failed`; so it comes to its end, or the time is up.
 *
 *     beginning ──contacts.known──► asking ──nobody left to ask · enough found · patience──► done
 *                                    ▲  │
 *                                    └──┘ question.answered · question.failed
 */
import { assign, setup } from "xstate"
import type { Contact } from "../protocol/dht/contact.ts"
import type { DhtKey } from "../protocol/dht/key.ts"
import * as Search from "../protocol/dht/search.ts"
import type { ProvenValue } from "../protocol/dht/value.ts"
import { commands } from "./command.ts"

export interface DhtLookupInput {
  /** Its own name. */
  readonly id: string
  readonly plan: Search.SearchPlan
  readonly patienceMs: number
  /** Begins with these instead of our closest contacts. */
  readonly among?: ReadonlyArray<Contact>
  /** Who is told that it ended, besides the `dht`. */
  readonly tellTo?: string
}

export type DhtLookupEvent =
  | { readonly type: "contacts.known"; readonly contacts: ReadonlyArray<Contact>; readonly networkSize: number; readonly nowMs: number }
  | {
      readonly type: "question.answered"
      readonly from: DhtKey
      readonly nodes: ReadonlyArray<Contact>
      readonly values: ReadonlyArray<ProvenValue>
      readonly nowMs: number
    }
  | { readonly type: "question.failed"; readonly to: DhtKey; readonly nowMs: number }

export interface DhtLookupContext extends DhtLookupInput {
  readonly search: Search.Search
  readonly next: ReadonlyArray<Search.Question>
}

/** What came of a lookup, as its end tells it. */
export interface DhtLookupEnded {
  readonly type: "lookup.ended"
  readonly lookup: string
  readonly search: Search.Search
}

export const dhtLookup = setup({
  types: { input: {} as DhtLookupInput, context: {} as DhtLookupContext, events: {} as DhtLookupEvent },
  actions: {
    ...commands("tell"),
    begin: assign(({ context }, { contacts, networkSize }: { readonly contacts: ReadonlyArray<Contact>; readonly networkSize: number }) =>
      asking(context, Search.begin(context.plan, contacts, networkSize)),
    ),
    hear: assign(({ context }, { from, nodes, values }: Omit<Extract<DhtLookupEvent, { type: "question.answered" }>, "type">) =>
      asking(context, Search.hear(context.search, from, nodes, values)),
    ),
    giveUpOn: assign(({ context }, { to }: { readonly to: DhtKey }) => asking(context, Search.giveUpOn(context.search, to))),
  },
  guards: { isOver: ({ context }) => Search.isOver(context.search) },
  delays: { patience: ({ context }) => context.patienceMs },
}).createMachine({
  id: "dht-lookup",
  context: ({ input }) => ({ ...input, search: Search.begin(input.plan, [], 0), next: [] }),
  initial: "beginning",
  states: {
    beginning: {
      entry: {
        type: "tell",
        params: ({ context: { among, id, plan } }) => ({
          to: "dht",
          event: { type: "lookup.begun", lookup: id, target: plan.key, ...(among !== undefined && { among }) },
        }),
      },
      after: { patience: "done" },
      on: {
        "contacts.known": {
          target: "asking",
          actions: [
            { type: "begin", params: ({ event }) => event },
            { type: "tell", params: ({ context }) => questions(context) },
          ],
        },
      },
    },
    asking: {
      always: { guard: "isOver", target: "done" },
      after: { patience: "done" },
      on: {
        "question.answered": {
          actions: [
            { type: "hear", params: ({ event }) => event },
            { type: "tell", params: ({ context }) => questions(context) },
          ],
        },
        "question.failed": {
          actions: [
            { type: "giveUpOn", params: ({ event }) => event },
            { type: "tell", params: ({ context }) => questions(context) },
          ],
        },
      },
    },
    done: {
      type: "final",
      entry: {
        type: "tell",
        params: ({ context: { id, search, tellTo } }) => ({
          to: tellTo === undefined ? "dht" : ["dht", tellTo],
          event: { type: "lookup.ended", lookup: id, search } satisfies DhtLookupEnded,
        }),
      },
    },
  },
})

/** What it knows now, and whom it asks next. */
const asking = (context: DhtLookupContext, known: Search.Search): Partial<DhtLookupContext> => {
  if (Search.isOver(known)) return { search: known, next: [] }
  const [next, search] = Search.ask(Search.withMirrors(known))
  return { search, next }
}

const questions = ({ id, next, plan }: DhtLookupContext) => ({
  to: next.length === 0 ? [] : "dht-pool",
  event: { type: "questions.asked", from: id, goal: plan.goal, key: plan.key, questions: next },
})
