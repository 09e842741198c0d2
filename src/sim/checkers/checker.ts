/** A checker holds one invariant against a running world. One file an invariant, named after it. */
import type { Happening } from "../../actors/happening.ts"
import type { Stage } from "../stage.ts"
import type { Violation } from "../scenario.ts"
import type { Machine } from "../world.ts"

export interface Checker {
  /** As in `src/protocol/README.md`: `P1 convergence`. */
  readonly invariant: string
  /** After everything a node reports: safety. */
  readonly hear?: (stage: Stage, machine: Machine, happening: Happening) => Finding | undefined
  /** At every living honest node, every virtual second: safety. Keep it cheap. */
  readonly look?: (stage: Stage, machine: Machine) => Finding | undefined
  /** When the run is over and the last fault is long past: liveness. */
  readonly end?: (stage: Stage) => ReadonlyArray<Finding>
}

export type Finding = Pick<Violation, "node" | "detail">
