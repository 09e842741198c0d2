/** Bugs in searching with peers: whom it asks, what it believes of the answers, and how far a query goes. */
import { assign } from "xstate"
import { fanOut } from "../../actors/fan-out.ts"
import { federation, type FederationEvent, type FederationMemory } from "../../actors/federation.ts"
import type { Reducer } from "../../actors/reducer.ts"
import { federated } from "../scenarios/federated.ts"
import { believing, casting, mutantsOf, type Plant, type Say, type Trial } from "./mutant.ts"

/** More peers than are asked, so that it matters whom. */
const topical: Trial = { scenario: federated, over: { nodes: 40, untilMs: 11_000, latencyMs: 50, hung: 0, lying: 0 } }
/** A few, asked once each. */
const few: Trial = { scenario: federated, over: { nodes: 8, untilMs: 9_000, latencyMs: 50, hung: 0, lying: 0 } }
const amongLiars: Trial = { ...few, over: { ...few.over, nodes: 12, untilMs: 13_000, lying: 0.4 } }
const amongHung: Trial = { ...few, over: { ...few.over, hung: 0.2 } }

/** In front of every node's part in federated search. */
const inFederation = (step: (memory: FederationMemory, event: FederationEvent, say: Say) => void): Plant =>
  casting(() => ({ federation: { ...federation, step } satisfies Reducer<unknown, FederationMemory, FederationEvent> }))

export const searchMutants = mutantsOf({
  "peers' answers are not verified": [amongLiars, believing(["signature", "authority"])],
  "a filter is over everything": [
    topical,
    inFederation((memory, event, say) =>
      federation.step(memory, event, (command) => {
        if (command.type !== "send" || command.message.type !== "HEARTBEAT" || command.message.filter === undefined) return say(command)
        const everything = { size: 64, hashes: 1, bits: new Uint8Array(8).fill(0xff) }
        say({ ...command, message: { ...command.message, filter: { type: "whole", version: 1, bloom: everything } } })
      }),
    ),
  ],
  "a query is passed on without end": [
    few,
    inFederation((memory, event, say) => {
      if (event.type !== "message.received" || event.message.type !== "QUERY") return federation.step(memory, event, say)
      say({ type: "search", link: event.link, query: { ...event.message, hops: 1 }, mayPassOn: true })
    }),
  ],
  "whoever is silent is waited for, for ever": [
    amongHung,
    casting(() => ({ "fan-out": fanOut.provide({ delays: { patience: 3_600_000 } }) })),
  ],
  "the first answer is the last": [
    few,
    casting(() => ({
      "fan-out": fanOut.provide({
        actions: {
          hear: assign((_, { link, message }) => ({
            awaited: [],
            waiting: [],
            answers: message.type === "QUERY_ACK" ? [{ link, total: message.total, documents: message.documents }] : [],
          })),
        },
      }),
    })),
  ],
})
