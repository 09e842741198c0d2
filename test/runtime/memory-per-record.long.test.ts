/**
 * What a node keeps in memory for each record that it holds, beside the store: its index, the comparison with peers and their
 * bookkeeping. A usual record, and the largest that is taken (`protocol/limits.ts` bounds every field), stay below what the operator is
 * told (`deploy/README.md`, "Memory").
 */
import { setFlagsFromString } from "node:v8"
import { runInNewContext } from "node:vm"
import { Effect, Stream } from "effect"
import { expect, it } from "vitest"
import type { EntityId } from "../../src/protocol/identity/id.ts"
import {
  categoryCharactersMax,
  detailsCharactersMax,
  nameCharactersMax,
  summaryCharactersMax,
  tagCharactersMax,
  tagsMax,
} from "../../src/protocol/limits.ts"
import type { EntityRecord } from "../../src/protocol/records/entity.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { entityOf, registryOf } from "../support/builders.ts"
import { realNode } from "../support/real-nodes.ts"

const usualBytesMax = 4_000
const largestBytesMax = 300_000

setFlagsFromString("--expose-gc")
const collect = runInNewContext("gc") as () => void
const used = () => {
  collect()
  const { arrayBuffers, heapUsed } = process.memoryUsage()
  return arrayBuffers + heapUsed
}

const sample = entityOf(1, 0)
const home = registryOf(1).registryId
/** Words of so many characters in all, no two records with the same ones. */
const wordsOf = (characters: number, seed: number, letters: number) =>
  Array.from({ length: Math.ceil(characters / (letters + 1)) }, (_, i) =>
    ((seed * 7_919 + i * 104_729) % 10_000_000).toString(36).padEnd(letters, "x"),
  )
    .join(" ")
    .slice(0, characters)

const kinds: ReadonlyArray<readonly [kind: string, count: number, most: number, fields: (n: number) => Partial<EntityRecord>]> = [
  [
    "usual",
    // so many that a few megabytes of anything else do not count
    10_000,
    usualBytesMax,
    (n) => ({ name: `agent ${n}`, summary: wordsOf(80, n % 97, 6), tags: [`tag${n % 50}`, `tag${n % 7}`], category: `category${n % 20}` }),
  ],
  [
    "largest",
    200,
    largestBytesMax,
    (n) => ({
      name: wordsOf(nameCharactersMax, n, 4),
      summary: wordsOf(summaryCharactersMax, n, 4),
      tags: Array.from({ length: tagsMax }, (_, i) => wordsOf(tagCharactersMax, n * tagsMax + i, 4)),
      category: wordsOf(categoryCharactersMax, n, 4),
      capability_summary: { skills: wordsOf(0.7 * detailsCharactersMax, n + 1, 4).split(" ") },
    }),
  ],
]

it.each(kinds)("of a %s record", async (_, count, most, fields) => {
  const idOf = (n: number) => `zns:${(n * 0x9e37_79b9).toString(16).padStart(32, "0")}` as EntityId
  const numbers = Stream.range(1, count)
  const store = {
    ...makeMemoryStore(),
    everyEntity: Stream.map(numbers, (n) => ({
      record: { ...sample, ...fields(n), entity_id: idOf(n) },
      tier: "gossip" as const,
      status: "active" as const,
      contested: false,
    })),
    everySlot: Stream.map(numbers, (n) => ({ subject: idOf(n) as string, origin: home, id: idOf(n).slice(4), at: 1 })),
  }
  const measured = Effect.gen(function* () {
    // the first node brings everything that there is once, the second tells what an empty one takes
    yield* realNode(0x7701, makeMemoryStore())
    const once = used()
    yield* realNode(0x7702, makeMemoryStore())
    const empty = used()
    const { service } = yield* realNode(0x7703, store)
    const { hits } = yield* service.search({ query: "nothing", category: "none", federated: false })
    expect([hits.length, (yield* service.status).knownRegistries]).toEqual([0, 1])
    return (used() - empty - (empty - once)) / count
  })
  // what an earlier node lets go of only now is counted as if this one took less: the greatest of three
  const three = await Effect.runPromise(Effect.all([Effect.scoped(measured), Effect.scoped(measured), Effect.scoped(measured)]))
  const perRecord = Math.max(...three)
  expect(perRecord).toBeGreaterThan(most / 10)
  expect(perRecord).toBeLessThan(most)
})
