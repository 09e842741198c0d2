/** Who is connected to whom at the start. Every one of them is connected as a graph. */
import type { SeededRandom } from "./dice.ts"

/** By index, each pair once, the dialler first. */
export type Edges = ReadonlyArray<readonly [dialler: number, listener: number]>

/** A ring, and random edges on top until the mean degree is reached. */
export const randomGraph = (nodes: number, degree: number, random: SeededRandom): Edges => {
  const seen = new Set<number>()
  const edges: Array<readonly [number, number]> = []
  const add = (a: number, b: number) => {
    const key = Math.min(a, b) * nodes + Math.max(a, b)
    if (a === b || seen.has(key)) return
    seen.add(key)
    edges.push([a, b])
  }
  for (let i = 0; i < nodes; i++) add(i, (i + 1) % nodes)
  const wanted = Math.min(Math.floor((nodes * degree) / 2), (nodes * (nodes - 1)) / 2)
  while (edges.length < wanted) add(random.below(nodes), random.below(nodes))
  return edges
}
