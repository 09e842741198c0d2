/** EigenTrust: its fixed point, and the paper's threat models (§7): malicious alone, together, and in camouflage. */
import * as fc from "fast-check"
import { describe, expect, it } from "vitest"
import { trustRestart, trustSettled, wrongWordWeight } from "../../../src/protocol/limits.ts"
import { noOpinion, type Row, rowOf, settle } from "../../../src/protocol/trust/eigentrust.ts"
import { SeededRandom } from "../../../src/sim/dice.ts"

const preTrust = (peers: number, ...trusted: ReadonlyArray<number>): Float64Array =>
  Float64Array.from({ length: peers }, (_, i) => (trusted.includes(i) ? 1 / trusted.length : 0))
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0)

const graph = fc.integer({ min: 2, max: 12 }).chain((peers) =>
  fc.array(fc.array(fc.tuple(fc.nat(peers - 1), fc.integer({ min: -3, max: 9 })), { maxLength: 6 }), {
    minLength: peers,
    maxLength: peers,
  }),
)

describe("trust", () => {
  it("is the one fixed point, adds up to 1, and is the same from wherever it goes on", () => {
    fc.assert(
      fc.property(graph, graph, (said, before) => {
        const rows = said.map(rowOf)
        const start = preTrust(rows.length, 0)
        const { trust } = settle(rows, start)
        expect(sum(trust)).toBeCloseTo(1, 9)
        const dangling = sum(rows.map(({ peers }, i) => (peers.length === 0 ? trust[i]! : 0)))
        for (const [peer, value] of trust.entries()) {
          const passed = sum(rows.map(({ peers, shares }, from) => sum(shares.filter((_, i) => peers[i] === peer)) * trust[from]!))
          expect(value).toBeCloseTo((1 - trustRestart) * (passed + dangling * start[peer]!) + trustRestart * start[peer]!, 5)
        }
        const other = settle(
          before.slice(0, rows.length).map((row) => rowOf(row.filter(([peer]) => peer < before.length))),
          preTrust(Math.min(before.length, rows.length), 0),
        )
        const again = settle(rows, start, other.trust.subarray(0, rows.length))
        again.trust.forEach((value, i) => expect(Math.abs(value - trust[i]!)).toBeLessThan(100 * trustSettled))
      }),
      { numRuns: 50 },
    )
  })

  it("fades with distance, and is nothing beyond where anybody leads", () => {
    const line: ReadonlyArray<Row> = [...Array.from({ length: 5 }, (_, i) => rowOf([[i + 1, 1]])), noOpinion, rowOf([[6, 1]])]
    const { trust } = settle(line, preTrust(7, 0))
    for (let hop = 1; hop < 6; hop++) expect(trust[hop]! / trust[hop - 1]!).toBeCloseTo(1 - trustRestart, 4)
    expect(trust[6]).toBe(0)
  })
})

/** Peers 0, 1, 2 are pre-trusted and honest; from `honest` on they are malicious. */
interface World {
  readonly peers: number
  readonly honest: number
  /** How often a malicious peer is right, in what it gives to honest ones. */
  readonly camouflage: number
  /** Whom a malicious peer praises. */
  readonly praises: (liar: number, random: SeededRandom) => ReadonlyArray<readonly [number, number]>
}

/** Everybody deals with some others again and again; the honest say what they saw. What trust the malicious end with. */
const maliciousShare = ({ camouflage, honest, peers, praises }: World): number => {
  const random = new SeededRandom(7, "threats")
  const rows = Array.from({ length: peers }, (_, peer) => {
    if (peer >= honest) return rowOf(praises(peer, random))
    const worths = Array.from({ length: 12 }, (): readonly [number, number] => {
      const other = random.below(peers)
      const deals = 10 + random.below(30)
      const right = Array.from({ length: deals }, () => other < honest || random.isTrue(camouflage)).filter((isRight) => isRight).length
      return [other, Math.log2(1 + Math.max(0, right - wrongWordWeight * (deals - right)))]
    })
    return rowOf(worths.filter(([other]) => other !== peer))
  })
  return sum(settle(rows, preTrust(peers, 0, 1, 2)).trust.subarray(honest))
}

const each = (from: number, to: number, worth: number) => Array.from({ length: to - from }, (_, i) => [from + i, worth] as const)

describe("half of a hundred peers are malicious, three honest ones are pre-trusted", () => {
  const [peers, honest] = [100, 50]

  it("each by itself: always wrong, and praising whoever is wrong (threat model A)", () => {
    const praises = (_: number, random: SeededRandom) =>
      Array.from({ length: 12 }, () => [honest + random.below(peers - honest), 1] as const)
    expect(maliciousShare({ peers, honest, camouflage: 0, praises })).toBeLessThanOrEqual(0.1)
  })

  it("all together: a clique that praises itself and nobody else (threat model B)", () => {
    const praises = (liar: number) => each(honest, peers, 1_000_000).filter(([other]) => other !== liar)
    expect(maliciousShare({ peers, honest, camouflage: 0, praises })).toBeLessThanOrEqual(0.1)
  })

  it.each([0.2, 0.5, 0.8])("in camouflage: right in %d of what they give, praising each other (threat model C)", (camouflage) => {
    const praises = (liar: number) => each(honest, peers, 1).filter(([other]) => other !== liar)
    expect(maliciousShare({ peers, honest, camouflage, praises })).toBeLessThanOrEqual(0.1)
  })

  it("and the alarm rings: without anybody pre-trusted the clique has most of it", () => {
    const rows = Array.from({ length: peers }, (_, peer) => (peer >= honest ? rowOf(each(honest, peers, 1)) : rowOf(each(0, peers, 1))))
    const everybody = new Float64Array(peers).fill(1 / peers)
    expect(sum(settle(rows, everybody).trust.subarray(honest))).toBeGreaterThan(0.5)
  })
})
