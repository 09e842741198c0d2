import { Effect } from "effect"
import { expect, it } from "vitest"
import { sharedVocabulary } from "../../../src/runtime/http/vocabulary.ts"
import { SharedCache } from "../../../src/runtime/shared-cache.ts"

const lists = { categories: ["tools"], tags: ["a", "b"] }

/** A cache that several nodes share, and how often one of them had to list. */
const meeting = () => {
  const kept = new Map<string, string>()
  const shared: SharedCache = {
    get: (key) => Effect.sync(() => kept.get(key)),
    set: (key, value) => Effect.sync(() => void kept.set(key, value)),
    take: () => Effect.undefined,
  }
  let listed = 0
  const list = Effect.sync(() => (listed++, lists))
  return { kept, node: (cache = shared) => Effect.runSync(sharedVocabulary(list, cache)), listed: () => listed }
}

it("is listed by one node for all", async () => {
  const { listed, node } = meeting()
  for (const vocabulary of [node(), node(), node()]) expect(await Effect.runPromise(vocabulary)).toEqual(lists)
  expect(listed()).toBe(1)
})

it("is listed by each where nothing is shared, and asked for once", async () => {
  const { listed, node } = meeting()
  const alone = await Effect.runPromise(SharedCache)
  for (const vocabulary of [node(alone), node(alone)])
    for (let times = 0; times < 3; times++) expect(await Effect.runPromise(vocabulary)).toEqual(lists)
  expect(listed()).toBe(2)
})

it("is listed anew where the cache holds what is no vocabulary", async () => {
  for (const strange of ["", "[]", "{", '{"categories":[1],"tags":[]}']) {
    const { kept, listed, node } = meeting()
    kept.set("vocabulary", strange)
    expect(await Effect.runPromise(node())).toEqual(lists)
    expect(listed()).toBe(1)
  }
})
