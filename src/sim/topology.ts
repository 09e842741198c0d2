/**
 * Who is connected to whom at the start. Every one of them is connected as a graph, unless a file says otherwise.
 *
 *     random:8             a ring, and random links on top until the mean degree is reached
 *     ring                 each with the next
 *     grid                 each with the next in its row and in its column
 *     small-world:4,0.1    each with its nearest on a ring, and for this share of the links one across (Newman and Watts 1999)
 *     clustered:5          so many random graphs of equal size, each with two links to the next
 *     FILE                 pairs of machines by number, the one that dials first
 */
import { Option, Schema } from "effect"
import type { SeededRandom } from "./dice.ts"
import { linesOf, parsed } from "./latency.ts"

/** By index, each pair once, the dialler first. */
export type Edges = ReadonlyArray<readonly [dialler: number, listener: number]>

export type Topology =
  | { readonly kind: "random"; readonly degree: number }
  | { readonly kind: "ring" }
  | { readonly kind: "grid" }
  | { readonly kind: "small-world"; readonly degree: number; readonly shortcuts: number }
  | { readonly kind: "clustered"; readonly clusters: number }
  | { readonly kind: "given"; readonly file: string; readonly edges: Edges }

export const graphOf = (topology: Topology, nodes: number, random: SeededRandom): Edges => {
  switch (topology.kind) {
    case "random":
      return randomGraph(nodes, topology.degree, random)
    case "ring":
      return randomGraph(nodes, 0, random)
    case "grid":
      return grid(nodes)
    case "small-world":
      return smallWorld(nodes, topology, random)
    case "clustered":
      return clustered(nodes, topology.clusters, random)
    case "given":
      return topology.edges.filter(([a, b]) => a < nodes && b < nodes)
  }
}

/** Pairs that are there once, however often they are added. */
class Graph {
  readonly edges: Array<readonly [number, number]> = []
  readonly #seen = new Set<string>()

  add(a: number, b: number): void {
    const pair = a < b ? `${a} ${b}` : `${b} ${a}`
    if (a === b || this.#seen.has(pair)) return
    this.#seen.add(pair)
    this.edges.push([a, b])
  }
}

export const randomGraph = (nodes: number, degree: number, random: SeededRandom): Edges => {
  const graph = new Graph()
  for (let i = 0; i < nodes; i++) graph.add(i, (i + 1) % nodes)
  const wanted = Math.min(Math.floor((nodes * degree) / 2), (nodes * (nodes - 1)) / 2)
  while (graph.edges.length < wanted) graph.add(random.below(nodes), random.below(nodes))
  return graph.edges
}

const grid = (nodes: number): Edges => {
  const graph = new Graph()
  const width = Math.ceil(Math.sqrt(nodes))
  for (let i = 0; i < nodes; i++) {
    if ((i + 1) % width !== 0 && i + 1 < nodes) graph.add(i, i + 1)
    if (i + width < nodes) graph.add(i, i + width)
  }
  return graph.edges
}

const smallWorld = (nodes: number, { degree, shortcuts }: Extract<Topology, { kind: "small-world" }>, random: SeededRandom): Edges => {
  const graph = new Graph()
  for (let i = 0; i < nodes; i++)
    for (let step = 1; step <= Math.max(1, degree >> 1); step++) {
      graph.add(i, (i + step) % nodes)
      if (random.isTrue(shortcuts)) graph.add(i, random.below(nodes))
    }
  return graph.edges
}

const degreeInside = 6
const linksBetween = 2

const clustered = (nodes: number, clusters: number, random: SeededRandom): Edges => {
  const graph = new Graph()
  const count = Math.min(clusters, nodes)
  const firstOf = (cluster: number) => Math.floor((cluster * nodes) / count)
  for (let cluster = 0; cluster < count; cluster++) {
    const [first, size] = [firstOf(cluster), firstOf(cluster + 1) - firstOf(cluster)]
    for (const [a, b] of randomGraph(size, degreeInside, random)) graph.add(first + a, first + b)
    const [next, nextSize] = [firstOf((cluster + 1) % count), firstOf(((cluster + 1) % count) + 1) - firstOf((cluster + 1) % count)]
    for (let link = 0; link < linksBetween; link++) graph.add(first + random.below(size), next + random.below(nextSize))
  }
  return graph.edges
}

export const writeTopology = (topology: Topology): string => {
  switch (topology.kind) {
    case "random":
      return `random:${topology.degree}`
    case "small-world":
      return `small-world:${topology.degree},${topology.shortcuts}`
    case "clustered":
      return `clustered:${topology.clusters}`
    case "given":
      return topology.file
    case "ring":
    case "grid":
      return topology.kind
  }
}

/** A topology as it is written above; `undefined` when it is none. */
export const readTopology = (text: string): Topology | undefined => {
  if (text === "ring" || text === "grid") return { kind: text }
  const match = /^(random|small-world|clustered)(?::(\d+)(?:,([\d.]+))?)?$/.exec(text)
  if (match === null) return undefined
  const [, kind, first, second] = match
  const count = first === undefined ? undefined : Number(first)
  if (kind === "random" && second === undefined) return { kind, degree: count ?? 8 }
  if (kind === "clustered" && second === undefined && count !== 0) return { kind, clusters: count ?? 4 }
  const shortcuts = Number(second ?? 0.1)
  return kind === "small-world" && shortcuts <= 1 ? { kind, degree: count ?? 4, shortcuts } : undefined
}

const decodeEdges = Schema.decodeUnknownOption(Schema.Array(Schema.Tuple([Schema.Natural, Schema.Natural])))

/** Pairs as JSON, or a pair a line; a sentence when they are none. */
export const readEdges = (file: string, text: string): Topology | string => {
  const edges = Option.getOrUndefined(decodeEdges(text.trim().startsWith("[") ? parsed(text) : linesOf(text)))
  if (edges === undefined || edges.length === 0) return `${file} does not hold pairs of machines by number, from 0`
  const graph = new Graph()
  for (const [a, b] of edges) graph.add(a, b)
  return { kind: "given", file, edges: graph.edges }
}

/** Machines that a file names: all below this number. */
export const machinesIn = (edges: Edges): number => 1 + edges.reduce((most, [a, b]) => Math.max(most, a, b), 0)

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
