/**
 * Synthetic registry records: words of a Zipf vocabulary, in the shape of what is registered. The same for the same number.
 *
 * Words are pronounceable, so that they are stemmed like English ones; queries draw from the same distribution, so most of
 * them ask for frequent words, which is the hard case.
 */
import type { IndexedEntity } from "../../src/protocol/search/entity.ts"

const vocabularySize = 30_000
const zipfExponent = 1

/** Mulberry32: small, and the same everywhere. */
const diceOf = (seed: number) => {
  let state = seed
  return (): number => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000
  }
}

const syllables = "ba ce di fo gu ha jen ka lor mi na pos ra sel ti vor wex yal zu tran plex sto gra chi".split(" ")

/** The n-th word: its number in syllables. */
const wordOf = (n: number): string => {
  let word = ""
  for (let rest = n + syllables.length; rest > 0; rest = Math.floor(rest / syllables.length)) word += syllables[rest % syllables.length]!
  return word + (n % 3 === 0 ? "s" : n % 7 === 0 ? "ing" : "")
}

export interface Corpus {
  /** One after the other, so that what is measured need not share memory with them. */
  readonly entities: () => Generator<IndexedEntity>
  readonly queries: ReadonlyArray<string>
}

const registries = 50
const start = 1_780_000_000

export const corpusOf = (count: number, queryCount: number): Corpus => {
  const words = Array.from({ length: vocabularySize }, (_, n) => wordOf(n))
  const sums: Array<number> = []
  let sum = 0
  for (let n = 1; n <= vocabularySize; n++) sums.push((sum += 1 / n ** zipfExponent))
  const writer = (seed: number) => {
    const roll = diceOf(seed)
    const word = (): string => {
      const drawn = roll() * sum
      let [low, high] = [0, vocabularySize - 1]
      while (low < high) {
        const middle = (low + high) >>> 1
        if (sums[middle]! < drawn) low = middle + 1
        else high = middle
      }
      return words[low]!
    }
    return {
      roll,
      word,
      text: (length: number): string => Array.from({ length }, word).join(" "),
      upTo: (most: number): number => 1 + Math.floor(roll() * most),
    }
  }
  const asker = writer(2)
  return {
    queries: Array.from({ length: queryCount }, () => asker.text(asker.upTo(3))),
    *entities() {
      const { roll, text, upTo, word } = writer(1)
      for (let n = 0; n < count; n++) {
        yield {
          id: `zns:${n.toString(16).padStart(32, "0")}`,
          name: text(upTo(4)),
          category: word(),
          tags: Array.from({ length: upTo(6) }, word),
          summary: text(6 + upTo(18)),
          developerId: `zns:dev:${upTo(5_000).toString(16).padStart(32, "0")}`,
          entityType: roll() < 0.8 ? "agent" : "service",
          status: roll() < 0.95 ? "active" : "inactive",
          home: `zns:registry:${upTo(registries).toString(16).padStart(32, "0")}`,
          updatedAt: start - Math.floor(roll() * 100 * 86_400),
          capabilities: {},
        }
      }
    },
  }
}

/** When they are searched. */
export const nowMs = start * 1_000

/** By registry: from 0.1 to 1. */
export const trustOf = (registry: string): number => 0.1 + (0.9 * (Number.parseInt(registry.slice(-4), 16) % 10)) / 9
