/** Which machines lie, and how: drawn from the seed, but never so that the honest are cut off from each other. */
import { signerOf } from "../keys.ts"
import type { Stage } from "../stage.ts"
import { type Edges, isConnected } from "../topology.ts"
import type { PortsOver } from "../world.ts"
import { ahead } from "./ahead.ts"
import { alter } from "./alter.ts"
import { claim } from "./claim.ts"
import { disown } from "./disown.ts"
import { equivocate } from "./equivocate.ts"
import { flood } from "./flood.ts"
import { forge } from "./forge.ts"
import { Hand } from "./hand.ts"
import { impersonate } from "./impersonate.ts"
import type { LiarKind } from "./liar.ts"
import { lieInAttestations } from "./lie-in-attestations.ts"
import { lieInBlooms } from "./lie-in-blooms.ts"
import { replay } from "./replay.ts"
import { spam } from "./spam.ts"
import { tamper } from "./tamper.ts"
import { withhold } from "./withhold.ts"

export const liarKinds: ReadonlyArray<LiarKind> = [
  forge,
  claim,
  replay,
  equivocate,
  withhold,
  flood,
  spam,
  alter,
  ahead,
  tamper,
  disown,
  impersonate,
  lieInBlooms,
  lieInAttestations,
]

export const liarNames: ReadonlyArray<string> = liarKinds.map(({ name }) => name)

export type Hands = ReadonlyMap<number, Hand>

/** A mesh with hands on some of its machines, which are not trusted from here on. */
export const meshWithHands = (stage: Stage, degree: number, draw: (edges: Edges) => ReadonlyArray<number>): Hands => {
  const hands = new Map<number, Hand>()
  stage.mesh(degree, {}, (edges) => {
    for (const index of draw(edges)) {
      hands.set(index, new Hand())
      stage.markByzantine(stage.world.machines[index]!)
    }
    return new Map([...hands].map(([index, { over }]): [number, PortsOver] => [index, over]))
  })
  return hands
}

const drawsMax = 1_000

/** So many machines that the others stay connected without them. */
export const drawLiars = (stage: Stage, count: number, edges: Edges): ReadonlyArray<number> => {
  const random = stage.world.random("liars")
  for (let i = 0; i < drawsMax; i++) {
    const honest = new Set(stage.world.machines.map(({ index }) => index))
    const liars: Array<number> = []
    while (liars.length < count) {
      const index = random.below(stage.options.nodes)
      if (honest.delete(index)) liars.push(index)
    }
    if (isConnected(honest, edges)) return liars.sort((a, b) => a - b)
  }
  throw new Error(`no ${count} of these machines leave the others connected`)
}

/** Each lies in one of these ways, some in two, until a moment. */
export const lie = (stage: Stage, hands: Hands, names: ReadonlyArray<string>, fromMs: number, untilMs: number): void => {
  const { clock } = stage.world
  const kinds = liarKinds.filter(({ name }) => names.includes(name))
  for (const [index, hand] of hands) {
    const machine = stage.world.machines[index]!
    const random = stage.world.random(`liar/${machine.name}`)
    const drawn = new Set([random.pick(kinds), ...(random.isTrue(0.3) ? [random.pick(kinds)] : [])])
    for (const kind of drawn) {
      const beginMs = random.between(fromMs, (fromMs + untilMs) / 2)
      const liar = { machine, hand, random: stage.world.random(`liar/${machine.name}/${kind.name}`), origin: signerOf(machine.secret) }
      clock.at(beginMs - clock.elapsedMs, () => {
        const end = kind.begin(stage, liar)
        clock.at(untilMs - clock.elapsedMs, end)
      })
    }
    stage.drawn[`liar ${machine.name}`] = [...drawn].map(({ name }) => name).join(" and ")
  }
}
