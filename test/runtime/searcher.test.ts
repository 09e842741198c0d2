import { Effect, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import type { EntityEntry } from "../../src/protocol/records/entity.ts"
import { cosine } from "../../src/protocol/search/likeness.ts"
import { type Embedder, EmbedderFailed, type VectorIndex } from "../../src/runtime/embedder.ts"
import { RecordStore } from "../../src/runtime/ports.ts"
import type { SearchRequest } from "../../src/runtime/node-service.ts"
import { searchSettingsDefault, type SearchSettings } from "../../src/runtime/search-settings.ts"
import { makeSearcher } from "../../src/runtime/searcher.ts"
import { makeMemoryStore } from "../../src/runtime/store/memory.ts"
import { developerOf, homeOf, registeredAs, sdkRequest } from "../support/clients.ts"

const developer = developerOf(1)
const entry = (index: number, name: string, summary = ""): EntityEntry => ({
  record: registeredAs(sdkRequest(developer, index, { name, summary })),
  tier: "local",
  status: "active",
  contested: false,
})
const entries = [entry(1, "car", "drives"), entry(2, "automobile", "moves"), entry(3, "bird", "sings"), entry(4, "CAR park", "stands")]

/** Knows what cars are: the more of it, the nearer to the first axis. */
const senses: Readonly<Record<string, number>> = { car: 1, automobile: 0.9, park: 0.2 }
const model = () => {
  const state = { isIll: false }
  const embedder: Embedder = {
    dimensions: 2,
    embed: (texts) =>
      state.isIll
        ? Effect.fail(new EmbedderFailed({ reason: "it is ill" }))
        : Effect.succeed(
            texts.map((text) => {
              const sense = Math.max(
                0,
                ...text
                  .toLowerCase()
                  .split(" ")
                  .map((word) => senses[word] ?? 0),
              )
              return Float32Array.of(sense, Math.sqrt(1 - sense ** 2))
            }),
          ),
  }
  return { state, embedder }
}

const searcherWith = (settings: Partial<SearchSettings> = {}, shown = entries) => {
  const store = RecordStore.of({
    ...makeMemoryStore(),
    entities: (ids) => Effect.succeed(ids.flatMap((id) => shown.find(({ record }) => record.entity_id === id) ?? [])),
  })
  return Effect.tap(
    makeSearcher({
      indexes: true,
      settings: { ...searchSettingsDefault, ...settings },
      store,
      entities: store.entities,
      own: homeOf(200),
      stale: () => new Set(),
    }),
    ({ follow }) => Effect.sync(() => shown.forEach((entry) => follow(entry.record.entity_id, entry))),
  )
}
const run = <A>(test: Effect.Effect<A, unknown, Scope.Scope>) =>
  Effect.runPromise(test.pipe(Effect.scoped, Effect.provide(TestClock.layer())) as Effect.Effect<A>)
const namesOf = ({ hits }: { readonly hits: ReadonlyArray<{ readonly entry: EntityEntry }> }) => hits.map((hit) => hit.entry.record.name)

/** An index of neighbours that reads all, to see that it is asked. */
const watched = () => {
  const held = new Map<string, Float32Array>()
  const asked: Array<number> = []
  const index: VectorIndex = {
    put: (id, vector) => void held.set(id, vector),
    remove: (id) => void held.delete(id),
    nearest: (vector, count) => {
      asked.push(count)
      return new Map([...held].map(([id, other]) => [id, cosine(vector, other)] as const).sort((a, b) => b[1] - a[1]))
    },
  }
  return { held, asked, index }
}

it("leaves out what scores less than the operator wants, where words are searched for", () =>
  run(
    Effect.gen(function* () {
      const found = (minScore: number, request: SearchRequest) =>
        Effect.flatMap(searcherWith({ minScore }), (searcher) => searcher.search(request))
      const all = yield* found(0, { query: "car" })
      const [best, second] = all.hits.map(({ score }) => score)
      const cut = yield* found((best! + second!) / 2, { query: "car" })
      expect([all.totalFound, namesOf(cut), cut.totalFound, cut.hasMore]).toEqual([2, ["car"], 1, false])
      expect((yield* found(1, { status: "active" })).totalFound).toBe(entries.length)
    }),
  ))

describe("with a model", () => {
  it("finds by meaning from the floor on, and by words alone while the model is ill", () =>
    run(
      Effect.gen(function* () {
        const { embedder, state } = model()
        const said: Array<string> = []
        const searcher = yield* searcherWith({ embedder, say: (sentence) => said.push(sentence) })
        expect(searcher.vectorCounts()).toEqual({ waiting: 4, degraded: 0 })
        yield* TestClock.adjust(1)
        expect(namesOf(yield* searcher.search({ query: "car" }))).toEqual(["car", "CAR park", "automobile"])
        const { hits } = yield* searcher.search({ query: "automobile" })
        expect(hits[0]!.breakdown.semantic_similarity).toBeCloseTo(1, 5)
        state.isIll = true
        expect(namesOf(yield* searcher.search({ query: "car" }))).toEqual(["car", "CAR park"])
        expect(searcher.vectorCounts()).toEqual({ waiting: 0, degraded: 1 })
        expect(said.at(-1)).toBe("the embedder does not answer, search goes on with words alone: it is ill")
      }),
    ))

  it("looks neighbours up where the operator has an index for them, and keeps it in step", () =>
    run(
      Effect.gen(function* () {
        const { asked, held, index } = watched()
        const searcher = yield* searcherWith({ embedder: model().embedder, vectorIndex: index })
        yield* TestClock.adjust(1)
        expect(namesOf(yield* searcher.search({ query: "car" }))).toEqual(["car", "CAR park", "automobile"])
        expect(asked).toEqual([200])
        searcher.follow(entries[1]!.record.entity_id, undefined)
        expect(held.has(entries[1]!.record.entity_id)).toBe(false)
        expect(namesOf(yield* searcher.search({ query: "car" }))).toEqual(["car", "CAR park"])
      }),
    ))
})
