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

/** Is there a way between any two of those nodes that goes through them alone? */
export const isConnected = (among: ReadonlySet<number>, edges: Edges): boolean => {
  const [first] = among
  if (first === undefined) return true
  const reached = new Set([first])
  const waiting = [first]
  for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
    for (const [a, b] of edges) {
      const next = a === node ? b : b === node ? a : undefined
      if (next === undefined || !among.has(next) || reached.has(next)) continue
      reached.add(next)
      waiting.push(next)
    }
  }
  return reached.size === among.size
}
