/** A flood without a node: who has not seen a number yet passes it on to all neighbours but the one it came from. */
import { VirtualClock } from "../../src/sim/clock.ts"
import { SeededRandom } from "../../src/sim/dice.ts"
import { randomGraph } from "../../src/sim/topology.ts"
import { timed } from "../benchmark.ts"

export interface Flood {
  readonly nodes: number
  readonly degree: number
  readonly seed: number
  readonly records: number
  readonly overMs: number
}

/** Frames delivered, and the time it took. */
export const plainFlood = ({ nodes, degree, seed, records, overMs }: Flood): { readonly frames: number; readonly ms: number } => {
  const clock = new VirtualClock()
  const random = new SeededRandom(seed, "flood")
  const neighbours: ReadonlyArray<Array<number>> = Array.from({ length: nodes }, () => [])
  for (const [a, b] of randomGraph(nodes, degree, random)) {
    neighbours[a]!.push(b)
    neighbours[b]!.push(a)
  }
  const seen = Array.from({ length: nodes }, () => new Set<number>())
  let frames = 0
  const hear = (node: number, record: number, from: number): void => {
    if (seen[node]!.has(record)) return
    seen[node]!.add(record)
    for (const other of neighbours[node]!) {
      if (other === from) continue
      clock.at(random.between(30, 80), () => {
        frames++
        hear(other, record, node)
      })
    }
  }
  for (let record = 0; record < records; record++) clock.at(random.between(0, overMs), () => hear(random.below(nodes), record, -1))
  const { ms } = timed(() => {
    while (clock.step());
  })
  return { frames, ms }
}
