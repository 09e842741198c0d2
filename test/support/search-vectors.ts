/** What the deployed search makes of texts: words, hashes, vectors, scores (the parts that we keep are tested against it). */
import { readFileSync } from "node:fs"
import { join } from "node:path"

interface Tokenised {
  readonly text: string
  readonly terms: ReadonlyArray<string>
}

interface RankedVector {
  readonly id: string
  readonly text: number
  readonly semantic: number
  readonly trust: number
  readonly freshness: number
  readonly availability: number
  readonly score: number
}

interface SearchVectors {
  readonly basic_tokenizer: ReadonlyArray<Tokenised>
  readonly fnv64a: ReadonlyArray<{ readonly s: string; readonly hex: string; readonly index_384: number; readonly sign: number }>
  readonly hash_embedder_384: ReadonlyArray<{ readonly text: string; readonly nonzero: Readonly<Record<string, number>> }>
  readonly corpus: ReadonlyArray<{
    readonly id: string
    readonly name: string
    readonly summary: string
    readonly category: string
    readonly tags: ReadonlyArray<string>
  }>
  readonly semantic: ReadonlyArray<{ readonly query: string; readonly cosine: Readonly<Record<string, number>> }>
  readonly weighted: ReadonlyArray<{ readonly query: string; readonly ranked: ReadonlyArray<RankedVector> }>
  readonly freshness: ReadonlyArray<{ readonly days: number; readonly value: number }>
  readonly rrf_example: { readonly value: number }
}

export const searchVectors = JSON.parse(readFileSync(join(import.meta.dirname, "../vectors/search-vectors.json"), "utf8")) as SearchVectors
