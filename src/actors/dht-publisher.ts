/**
 * Publishing: values go to the k nodes that are closest to their key, and, where a crowd sits there, to those around it
 * (`protocol/dht/search.ts`). A lookup on disjoint paths says who they are: else one liar near us takes all that we store; a few publications are under way at a time, the others wait.
 *
 * It does not say when: the node publishes its own registrations hourly, the `dht` what it holds for others.
 */
import type { DhtKey } from "../protocol/dht/key.ts"
import * as Search from "../protocol/dht/search.ts"
import type { JsonObject } from "../protocol/identity/canonical-json.ts"
import { dhtLookupPatienceMs, dhtPaths, dhtPublicationsAtOnce, dhtUpkeepMs } from "../protocol/limits.ts"
import type { Command } from "./command.ts"
import type { DhtLookupEnded, DhtLookupInput } from "./dht-lookup.ts"
import type { QuestionsAsked } from "./dht-pool.ts"
import type { Reducer } from "./reducer.ts"

/** Values of one key that are to be stored. */
export interface Publication {
  readonly type: "publication.wanted"
  readonly key: DhtKey
  readonly values: ReadonlyArray<JsonObject>
}

export type DhtPublisherEvent =
  | Publication
  | DhtLookupEnded
  | { readonly type: "question.answered" }
  | { readonly type: "question.failed" }
  | { readonly type: "waiting.due" }

export interface DhtPublisherInput {
  readonly self: DhtKey
  readonly k: number
  readonly alpha: number
}

export interface DhtPublisherMemory extends DhtPublisherInput {
  /** By key: what is said later of it replaces what still waits. */
  readonly waiting: Map<DhtKey, Publication>
  /** By lookup. */
  readonly underWay: Map<string, Publication>
  /** STOREs that were answered, and those that were not. */
  stored: number
  failed: number
  lookups: number
  isReminded: boolean
}

type Say = (command: Command) => void

export const dhtPublisher: Reducer<DhtPublisherInput, DhtPublisherMemory, DhtPublisherEvent> = {
  id: "dht-publisher",
  begin: (input) => ({
    ...input,
    waiting: new Map(),
    underWay: new Map(),
    stored: 0,
    failed: 0,
    lookups: 0,
    isReminded: false,
  }),
  step: (memory, event, say) => {
    switch (event.type) {
      case "publication.wanted":
        memory.waiting.set(event.key, event)
        return goOn(memory, say)
      case "lookup.ended":
        return store(memory, event, say)
      case "question.answered":
        memory.stored++
        return
      case "question.failed":
        memory.failed++
        return
      case "waiting.due":
        memory.isReminded = false
        return goOn(memory, say)
    }
  },
}

const goOn = (memory: DhtPublisherMemory, say: Say): void => {
  for (const [key, publication] of memory.waiting) {
    if (memory.underWay.size >= dhtPublicationsAtOnce || memory.isReminded) return
    memory.waiting.delete(key)
    const id = `dht-lookup/publish/${++memory.lookups}`
    memory.underWay.set(id, publication)
    const { alpha, k, self } = memory
    const input: DhtLookupInput = {
      id,
      plan: { self, key, goal: "contacts", k, alpha, paths: dhtPaths, holdersWanted: 0 },
      patienceMs: dhtLookupPatienceMs,
      tellTo: "dht-publisher",
    }
    say({ type: "start", actor: "dht-lookup", id, input })
  }
}

const store = (memory: DhtPublisherMemory, { lookup, search }: DhtLookupEnded, say: Say): void => {
  const publication = memory.underWay.get(lookup)
  if (publication === undefined) return
  memory.underWay.delete(lookup)
  const holders = Search.holders(search)
  const { key, values } = publication
  if (holders.length > 0) {
    const questions = holders.map((to) => ({ to, target: key }))
    const asked: QuestionsAsked = { type: "questions.asked", from: "dht-publisher", goal: "store", key, values, questions }
    say({ type: "tell", to: "dht-pool", event: { ...asked } })
  } else if (!memory.waiting.has(key)) {
    // there is nobody yet: it waits, and all others with it
    memory.waiting.set(key, publication)
    if (!memory.isReminded) say({ type: "remind", afterMs: dhtUpkeepMs, event: { type: "waiting.due" } })
    memory.isReminded = true
  }
  goOn(memory, say)
}
