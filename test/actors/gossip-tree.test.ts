/**
 * The tree of beacons, on the gossip reducers themselves: in whatever order links deliver, all end with one root, and the
 * eager links are a spanning tree on which both ends agree.
 */
import fc from "fast-check"
import { describe, expect, it } from "vitest"
import type { Link } from "../../src/actors/command.ts"
import { gossip, type GossipMemory } from "../../src/actors/gossip.ts"
import type { Message } from "../../src/protocol/wire/message.ts"
import { registryOf } from "../support/builders.ts"

/** A connected graph: each node beyond the first at an earlier one, and some more edges. */
const graphs = fc
  .integer({ min: 2, max: 12 })
  .chain((size) =>
    fc.tuple(
      fc.constant(size),
      fc.tuple(...Array.from({ length: size - 1 }, (_, i) => fc.nat(i))),
      fc.array(fc.tuple(fc.nat(size - 1), fc.nat(size - 1)), { maxLength: 15 }),
      fc.array(fc.nat(1_000), { minLength: 50, maxLength: 200 }),
    ),
  )

interface End {
  readonly node: number
  readonly link: Link
}

const settle = (size: number, edges: ReadonlyArray<readonly [number, number]>, order: ReadonlyArray<number>) => {
  const nowMs = 1_000_000
  const nodes: Array<GossipMemory> = Array.from({ length: size }, (_, i) => gossip.begin({ self: registryOf(i + 1).registryId, nowMs }))
  // link 2e is the near end of edge e, 2e + 1 the far one
  const ends = new Map<Link, End>(
    edges.flatMap(([a, b], e) => [[2 * e, { node: b, link: 2 * e + 1 }] as const, [2 * e + 1, { node: a, link: 2 * e }] as const]),
  )
  const queues = new Map<Link, Array<Message>>([...ends.keys()].map((link) => [link, []]))
  const tell = (node: number, event: Parameters<typeof gossip.step>[1]) =>
    gossip.step(nodes[node]!, event, (command) => {
      const links = command.type === "send" ? [command.link] : command.type === "broadcast" ? command.links : []
      if ("message" in command) for (const link of links) queues.get(link)!.push(command.message)
    })
  edges.forEach(([a, b], e) => {
    tell(a, { type: "link.joined", link: 2 * e, speaksLazily: true, nowMs })
    tell(b, { type: "link.joined", link: 2 * e + 1, speaksLazily: true, nowMs })
  })
  for (let turn = 0; ; turn++) {
    const waiting = [...queues].filter(([, queue]) => queue.length > 0)
    if (waiting.length === 0) return { nodes, ends }
    if (turn > 100_000) throw new Error("the beacons do not come to rest")
    const [link, queue] = waiting[order[turn % order.length]! % waiting.length]!
    const { node, link: there } = ends.get(link)!
    tell(node, { type: "message.received", link: there, message: queue.shift()!, nowMs })
  }
}

describe("the tree of beacons", () => {
  it("has one root, spans all, and both ends of a link agree", () => {
    fc.assert(
      fc.property(graphs, ([size, first, more, order]) => {
        const pairs = [...first.map((parent, i) => [parent, i + 1] as const), ...more].map(
          ([a, b]) => [Math.min(a, b), Math.max(a, b)] as const,
        )
        const edges = [...new Map(pairs.filter(([a, b]) => a !== b).map((pair) => [pair.join(), pair])).values()]
        const { ends, nodes } = settle(size, edges, order)

        const smallest = nodes.map(({ tree }) => tree.self).sort()[0]!
        expect(nodes.every(({ tree }) => tree.beacon.root === smallest)).toBe(true)
        const isInTree = (link: Link, node: number) => nodes[node]!.push.links.get(link)!.isInTree
        let branches = 0
        edges.forEach(([a, b], e) => {
          expect(isInTree(2 * e, a)).toBe(isInTree(2 * e + 1, b))
          if (isInTree(2 * e, a)) branches++
        })
        expect(branches).toBe(size - 1)
        // every node but the root has a parent that is nearer
        for (const { tree } of nodes) {
          if (tree.self === smallest) continue
          const parent = ends.get(tree.parent!)!.node
          expect(nodes[parent]!.tree.beacon.distance).toBe(tree.beacon.distance - 1)
        }
      }),
    )
  })
})
