/** What both worlds are to do, and how what they did is compared. */
import type { SeededRandom } from "../dice.ts"
import type { Message } from "../../protocol/wire/message.ts"
import { defaultSettings, type NodeSettings } from "../../runtime/node-settings.ts"
import { withoutDht } from "../../runtime/node/dht.ts"
import type { Codec } from "../../runtime/ports.ts"
import { hearing } from "../hearing-codec.ts"
import { type Edges, randomGraph } from "../topology.ts"

export interface Plan {
  readonly seed: number
  readonly nodes: number
  readonly degree: number
  readonly records: number
  /** Milliseconds from the start: when clients begin and end to register, and when all is over. */
  readonly registerFromMs: number
  readonly registerUntilMs: number
  readonly untilMs: number
}

/** What really happened, and when: the simulated world does the same at the same moments. */
export interface Deed {
  readonly atMs: number
  readonly type: "boot" | "register"
  /** The node that boots, or is registered at. */
  readonly node: number
  /** The client's number. */
  readonly client?: number
}

/** Frames that were read, by the type of their message. */
export type Counts = Partial<Record<Message["type"], number>>

export interface Outcome {
  readonly digests: ReadonlyArray<string | undefined>
  readonly counts: Counts
}

export interface RealOutcome extends Outcome {
  /** Wall time of the start. */
  readonly startMs: number
  readonly deeds: ReadonlyArray<Deed>
}

/** Who dials whom: always somebody who is there already. */
export const dialsOf = ({ degree, nodes }: Plan, random: SeededRandom): Edges =>
  randomGraph(nodes, degree, random).map(([a, b]) => (a > b ? [a, b] : [b, a]))

export const settingsOf = (bootstrap: NodeSettings["bootstrap"]): NodeSettings => ({
  ...defaultSettings,
  version: "fidelity",
  indexes: false,
  wantedPeers: 0,
  maxPeers: 200,
  // lookups depend on who answers first, which no simulation can know
  dht: withoutDht,
  bootstrap,
})

/** The same codec, and what it reads is counted. */
export const counted = (codec: Codec["Service"], counts: Counts): Codec["Service"] =>
  hearing(codec, ({ type }) => void (counts[type] = (counts[type] ?? 0) + 1))
