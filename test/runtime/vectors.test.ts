import { Effect, Fiber, type Scope } from "effect"
import { TestClock } from "effect/testing"
import { describe, expect, it } from "vitest"
import { type Embedder, EmbedderFailed } from "../../src/runtime/embedder.ts"
import { makeVectors } from "../../src/runtime/vectors.ts"

/** A model of two components that can be told to fail, or to be silent. */
const model = () => {
  const state = { mood: "well" as "well" | "ill" | "silent", batches: [] as Array<ReadonlyArray<string>> }
  const embedder: Embedder = {
    dimensions: 2,
    embed: (texts) =>
      Effect.suspend(() => {
        state.batches.push(texts)
        if (state.mood === "silent") return Effect.never
        if (state.mood === "ill") return Effect.fail(new EmbedderFailed({ reason: "it is ill" }))
        return Effect.succeed(texts.map((text) => Float32Array.of(3, text.length === 0 ? 0 : 4)))
      }),
  }
  return { state, embedder }
}
const keeping = Effect.gen(function* () {
  const { embedder, state } = model()
  const kept = new Map<string, Float32Array>()
  const said: Array<string> = []
  const vectors = yield* makeVectors(
    embedder,
    (id, vector) => kept.set(id, vector),
    (sentence) => said.push(sentence),
  )
  return { state, kept, said, vectors }
})

const run = (program: Effect.Effect<void, never, Scope.Scope>) =>
  Effect.runPromise(program.pipe(Effect.scoped, Effect.provide(TestClock.layer())))

describe("entities", () => {
  it("get their vectors in batches, of length 1", () =>
    run(
      Effect.gen(function* () {
        const { kept, state, vectors } = yield* keeping
        for (let i = 0; i < 40; i++) vectors.want(`e${i}`, `text ${i}`)
        expect(vectors.counts().waiting).toBe(40)
        yield* TestClock.adjust(1)
        expect(kept.size).toBe(40)
        expect([...kept.get("e7")!]).toEqual([Math.fround(0.6), Math.fround(0.8)])
        expect(state.batches.map((batch) => batch.length)).toEqual([32, 8])
        vectors.want("late", "one more")
        yield* TestClock.adjust(1)
        expect(kept.has("late")).toBe(true)
      }),
    ))

  it("wait while the model is ill, are tried again later and later, and what was forgotten is not", () =>
    run(
      Effect.gen(function* () {
        const { kept, said, state, vectors } = yield* keeping
        state.mood = "ill"
        vectors.want("a", "text")
        vectors.want("b", "text")
        yield* TestClock.adjust(999)
        expect([state.batches.length, vectors.counts().waiting]).toEqual([1, 2])
        yield* TestClock.adjust(2_002)
        expect(state.batches.length).toBe(3)
        vectors.forget("a")
        state.mood = "well"
        yield* TestClock.adjust(4_000)
        expect([...kept.keys()]).toEqual(["b"])
        expect(said).toEqual(["the embedder does not answer, search goes on with words alone: it is ill", "the embedder answers again"])
      }),
    ))
})

describe("a query", () => {
  it("waits a second at most, and those after it do not wait at all for a while", () =>
    run(
      Effect.gen(function* () {
        const { said, state, vectors } = yield* keeping
        expect((yield* vectors.of(["x"]))[0]).toEqual(Float32Array.of(0.6, 0.8))
        state.mood = "silent"
        const asking = yield* Effect.forkChild(vectors.of(["x"]))
        yield* TestClock.adjust(1_000)
        expect(yield* Fiber.join(asking)).toEqual([undefined])
        expect(yield* vectors.of(["y"])).toEqual([undefined])
        expect([state.batches.length, vectors.counts().degraded]).toEqual([2, 2])
        state.mood = "well"
        yield* TestClock.adjust(5_000)
        expect((yield* vectors.of(["z"]))[0]).toBeDefined()
        expect(said).toEqual(["the embedder does not answer, search goes on with words alone: not in time", "the embedder answers again"])
      }),
    ))
})
