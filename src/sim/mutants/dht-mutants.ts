/** Bugs that others made in their DHTs: in the table, in what is kept, and in looking for it. */
import { assign } from "xstate"
import { dht, type DhtEvent, type DhtInput, type DhtMemory } from "../../actors/dht.ts"
import { dhtLookup } from "../../actors/dht-lookup.ts"
import type { Reducer } from "../../actors/reducer.ts"
import type { DhtKey } from "../../protocol/dht/key.ts"
import * as Table from "../../protocol/dht/routing-table.ts"
import * as Search from "../../protocol/dht/search.ts"
import { type ProvenValue, readValue } from "../../protocol/dht/value.ts"
import * as Values from "../../protocol/dht/value-store.ts"
import { crossing, dying, misled } from "./dht-trials.ts"
import { casting, mutantsOf, type Plant } from "./mutant.ts"

type Step = Reducer<DhtInput, DhtMemory, DhtEvent>["step"]

const inDht = (step: Step): Plant => casting(() => ({ dht: { ...dht, step } }))

/** After everything that the DHT does. */
const afterwards = (act: (memory: DhtMemory) => void): Plant =>
  inDht((memory, event, say) => {
    dht.step(memory, event, say)
    act(memory)
  })

export const dhtMutants = mutantsOf({
  // the table -----------------------------------------------------------------------------------------------------------
  "whoever comes last takes the place of whoever was heard longest ago": [
    crossing,
    afterwards(({ table }) => {
      for (const { contacts, replacements } of table.buckets.values()) if (replacements.length > 0) Table.lose(table, contacts[0]!.id)
    }),
  ],
  "nobody waits for a place": [
    crossing,
    afterwards(({ table }) => {
      for (const bucket of table.buckets.values()) bucket.replacements = []
    }),
  ],
  "a bucket has no end": [
    crossing,
    afterwards(({ table }) => {
      for (const bucket of table.buckets.values()) {
        bucket.contacts = [...bucket.contacts, ...bucket.replacements]
        bucket.replacements = []
      }
    }),
  ],

  // values --------------------------------------------------------------------------------------------------------------
  "values are not proven before they are kept": [
    crossing,
    inDht((memory, event, say) => {
      if (event.type !== "message.received" || event.message.type !== "DHT" || event.message.op !== "STORE")
        return dht.step(memory, event, say)
      for (const document of event.message.values) Values.put(memory.values, readValue(document) as ProvenValue, event.nowMs)
    }),
  ],
  "what has expired is kept": [
    crossing,
    inDht((memory, event, say) => {
      const held = new Map<DhtKey, Values.Held>(memory.values.held)
      dht.step(memory, event, say)
      if (event.type === "upkeep.due") for (const [key, values] of held) memory.values.held.set(key, values)
    }),
  ],

  // lookups -------------------------------------------------------------------------------------------------------------
  "a lookup ends with its third answer": [
    dying,
    casting(() => ({
      "dht-lookup": dhtLookup.provide({
        guards: { isOver: ({ context: { search } }) => Search.isOver(search) || search.answers + search.silences >= 3 },
      }),
    })),
  ],
  "a lookup goes one way only": [
    misled,
    casting(() => ({
      "dht-lookup": dhtLookup.provide({
        actions: {
          begin: assign(({ context: { plan } }, { contacts, networkSize }) => {
            const alone = { ...plan, paths: 1, holdersWanted: Math.min(1, plan.holdersWanted) }
            const [next, search] = Search.ask(Search.begin(alone, contacts, networkSize))
            return { next, search }
          }),
        },
      }),
    })),
  ],
})
