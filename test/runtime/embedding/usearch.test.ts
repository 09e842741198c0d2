/** Nearest neighbours against reading everything. USearch is an optional dependency; where it does not load, this is skipped. */
import { Effect, Exit } from "effect"
import { describe, expect, it } from "vitest"
import { cosine } from "../../../src/protocol/search/likeness.ts"
import { unitVector } from "../../../src/protocol/search/dense-vectors.ts"
import { usearchIndex } from "../../../src/runtime/embedding/usearch.ts"

const dimensions = 64
const opened = await Effect.runPromiseExit(usearchIndex(dimensions))

/** Around twenty topics, as texts are; the same in every run. */
const cloud = (count: number, salt: number): ReadonlyArray<Float32Array> => {
  const wave = (i: number, j: number) => Math.sin(i * 12.9898 + j * 78.233 + salt) * 43_758.5453
  return Array.from({ length: count }, (_, i) =>
    unitVector(
      Array.from({ length: dimensions }, (__, j) => (wave(i % 20, j) % 1) + 0.6 * (wave(i + 100, j) % 1)),
      dimensions,
    )!,
  )
}

describe.skipIf(Exit.isFailure(opened))("usearch (skipped where it does not load)", () => {
  it("finds at least nine of the ten nearest, in their order", () => {
    const index = (opened as Exit.Success<Effect.Success<ReturnType<typeof usearchIndex>>>).value
    expect(index.nearest(cloud(1, 0)[0]!, 10).size).toBe(0)
    const vectors = cloud(2_000, 1)
    vectors.forEach((vector, i) => index.put(String(i), vector))
    let found = 0
    const queries = cloud(50, 2)
    for (const query of queries) {
      const exact = vectors
        .map((vector, i) => [String(i), cosine(query, vector)] as const)
        .sort((a, b) => b[1] - a[1])
        .slice(0, 10)
      const near = index.nearest(query, 10)
      for (const [id, similarity] of exact) {
        if (!near.has(id)) continue
        found++
        expect(near.get(id)!).toBeCloseTo(similarity, 4)
      }
    }
    expect(found / (10 * queries.length)).toBeGreaterThanOrEqual(0.9)
    index.put("0", vectors[1]!)
    index.remove("1")
    index.remove("never")
    const near = [...index.nearest(vectors[1]!, 3)]
    expect(near[0]![0]).toBe("0")
    expect(near.map(([id]) => id)).not.toContain("1")
  })
})
