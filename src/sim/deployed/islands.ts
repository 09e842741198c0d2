/**
 * Who is linked with whom in a mesh of both kinds: ours in a random graph; deployed nodes in short lines that have doors to
 * ours and reach nobody else. So whatever passes between two lines passes through ours.
 */
import type { SeededRandom } from "../dice.ts"
import { type Edges, randomGraph } from "../topology.ts"

export interface Mesh {
  /** Among ours, by index. */
  readonly edges: Edges
  readonly islands: ReadonlyArray<Deployed>
}

export interface Deployed {
  /** The others of its line, next to it, by index. */
  readonly neighbours: ReadonlyArray<number>
  readonly doors: ReadonlyArray<Door>
}

/** One of ours that it is linked with, and who of the two dials. */
export interface Door {
  readonly ours: number
  readonly isDialledByUs: boolean
}

const lineMax = 3
/** Of those that do not stand at the head of a line. */
const doorShare = 0.5
const secondDoorShare = 0.4

export const drawMesh = (random: SeededRandom, ours: number, deployed: number, degree: number): Mesh => {
  const edges = randomGraph(ours, Math.min(degree, ours - 1), random)
  const drawDoors = (isHead: boolean): ReadonlyArray<Door> => {
    if (!isHead && !random.isTrue(doorShare)) return []
    const first = random.below(ours)
    const behind = ours > 1 && random.isTrue(secondDoorShare) ? [first, (first + 1 + random.below(ours - 1)) % ours] : [first]
    return behind.map((door) => ({ ours: door, isDialledByUs: random.isTrue(0.5) }))
  }
  const islands: Array<Deployed> = []
  while (islands.length < deployed) {
    const from = islands.length
    const length = Math.min(deployed - from, 1 + random.below(lineMax))
    for (let i = from; i < from + length; i++)
      islands.push({
        neighbours: [...(i > from ? [i - 1] : []), ...(i < from + length - 1 ? [i + 1] : [])],
        doors: drawDoors(i === from),
      })
  }
  return { edges, islands }
}
