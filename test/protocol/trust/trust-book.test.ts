/** A node's trust in registries: experience before hearsay, attesters bound to what they say and when, bounds on all of it. */
import { describe, expect, it } from "vitest"
import type { Observation } from "../../../src/protocol/gossip/kinds/attestation.ts"
import { attestationLifeMs, attestedByOneMax, trustOfNewcomers } from "../../../src/protocol/limits.ts"
import * as TrustBook from "../../../src/protocol/trust/trust-book.ts"
import { noon, registryOf } from "../../support/builders.ts"

const id = (seed: number) => registryOf(seed).registryId
const [us, friend, good, bad, stranger] = [1, 2, 3, 4, 5].map(id) as [
  ReturnType<typeof id>,
  ReturnType<typeof id>,
  ReturnType<typeof id>,
  ReturnType<typeof id>,
  ReturnType<typeof id>,
]
const noonMs = noon * 1_000
const saw = (subject: typeof us, valid: number, invalid = 0, over: Partial<Observation> = {}): Observation => ({
  subject,
  period: noon,
  valid,
  invalid,
  answers: 0,
  uptime: 1_000,
  layers: [],
  ...over,
})
const none = new Map<typeof us, TrustBook.Seen>()
const reckoned = (heard: ReadonlyArray<readonly [typeof us, Observation]>, own = none, preTrusted = [friend], nowMs = noonMs) => {
  const book = TrustBook.begin(us)
  for (const [attester, observation] of heard) TrustBook.hear(book, attester, observation)
  TrustBook.reckon(book, preTrusted, own, nowMs)
  return book
}

describe("a node's trust", () => {
  it("is whole in itself, and that of a newcomer in whom nobody trusted speaks of", () => {
    const book = reckoned([[stranger, saw(bad, 1_000)]])
    expect([TrustBook.trustIn(book, us), TrustBook.trustIn(book, stranger), TrustBook.trustIn(book, bad)]).toEqual([
      1,
      trustOfNewcomers,
      trustOfNewcomers,
    ])
  })

  it("follows the trusted: whom they praise, and whom those praise, less with each step", () => {
    const book = reckoned([
      [friend, saw(good, 100)],
      [good, saw(stranger, 100)],
      [friend, saw(bad, 10, 90)],
    ])
    const trust = [friend, good, stranger, bad].map((one) => TrustBook.trustIn(book, one))
    expect(trust).toEqual(trust.toSorted((a, b) => b - a))
    expect(trust[3]).toBe(trustOfNewcomers)
  })

  it("believes what it saw more than what is said: a praised one that was wrong here falls below a newcomer", () => {
    const praise = [[friend, saw(bad, 10_000)]] as const
    const own = new Map([[bad, saw(bad, 50, 50)]])
    expect(TrustBook.trustIn(reckoned(praise), bad)).toBeGreaterThan(0.5)
    expect(TrustBook.trustIn(reckoned(praise, own), bad)).toBeLessThan(trustOfNewcomers)
    expect(TrustBook.trustIn(reckoned([], new Map([[good, saw(good, 500)]])), good)).toBeGreaterThan(0.9)
  })

  it("takes of each pair the latest period, for a day, and nothing in one's own favour", () => {
    const later = saw(good, 100, 0, { period: noon + 3_600 })
    const early = saw(good, 0, 100)
    const [there, back] = [
      reckoned([
        [friend, early],
        [friend, later],
      ]),
      reckoned([
        [friend, later],
        [friend, early],
      ]),
    ].map((book) => TrustBook.trustIn(book, good))
    expect(there).toBe(back)
    expect(there).toBeGreaterThan(trustOfNewcomers)
    expect(TrustBook.trustIn(reckoned([[friend, early]], none, [friend], noonMs + attestationLifeMs), good)).toBe(trustOfNewcomers)
    expect(
      TrustBook.trustIn(
        reckoned([
          [good, saw(good, 1_000)],
          [us, saw(good, 1_000)],
        ]),
        good,
      ),
    ).toBe(trustOfNewcomers)
  })

  it("forgets what is too old, and takes only so much from one attester", () => {
    const book = reckoned(
      Array.from(
        { length: attestedByOneMax + 5 },
        (_, i) => [friend, { ...saw(good, 1), subject: `zns:registry:${i}` as typeof us }] as const,
      ),
    )
    expect(book.opinions[book.numbers.get(friend)!]!.size).toBe(attestedByOneMax)
    TrustBook.expire(book, noonMs + attestationLifeMs)
    expect([book.opinions[book.numbers.get(friend)!]!.size, TrustBook.hasNews(book)]).toEqual([0, true])
  })
})
