/** Do all honest nodes hold the same? Looked at every virtual second once the last fault is over. */
import { Exit } from "effect"
import type { HoldingsMemory } from "../actors/holdings.ts"
import * as SlotSet from "../protocol/gossip/slot-set.ts"
import { sha256Hex } from "../protocol/identity/digest.ts"
import { reconcilePeriodMs } from "../protocol/limits.ts"
import type { RunningNode } from "../runtime/node.ts"
import type { Machine, World } from "./world.ts"

/** One digest over the signatures of all that a node holds: whether ids that are the same mean the same, too. */
export const pictureOf = (world: World, machine: Machine): string => {
  const memory = machine.node?.actors.snapshot("holdings")?.context as HoldingsMemory | undefined
  const exit = world.look(machine.store.documents(memory === undefined ? [] : SlotSet.idsOf(memory.set, 0, 0)))
  const documents = Exit.isSuccess(exit) ? exit.value : []
  return sha256Hex(
    documents
      .map(({ signature }) => JSON.stringify(signature))
      .sort()
      .join(),
  )
}

/** One digest over the ids of all that a node holds; `undefined` when it does not run. */
export const digestOf = ({ node }: Machine): string | undefined => (node === undefined ? undefined : digestOfNode(node))

export const digestOfNode = ({ actors }: RunningNode): string | undefined => {
  const memory = actors.snapshot("holdings")?.context as HoldingsMemory | undefined
  return memory === undefined ? undefined : SlotSet.digestOf(memory.set, 0, 0, "").toString("hex")
}

/** How often it is looked at. */
export const lookEveryMs = 1_000

export class DigestWatch {
  /** The end of the last fault. Until a scenario says when that is, nobody looks. */
  calmFromMs = Number.POSITIVE_INFINITY
  #divergedUntilMs = 0
  #distinct = 0

  look(machines: ReadonlyArray<Machine>, nowMs: number): void {
    if (nowMs < this.calmFromMs) return
    this.#distinct = new Set(machines.map(digestOf)).size
    if (this.#distinct > 1) this.#divergedUntilMs = nowMs
  }

  /** Different digests when it was last looked at. */
  get distinct(): number {
    return this.#distinct
  }

  /** Periods of anti-entropy from the end of the last fault until one digest, for good; rounded up. */
  get rounds(): number {
    return this.#divergedUntilMs === 0 ? 0 : Math.ceil((this.#divergedUntilMs + lookEveryMs - this.calmFromMs) / reconcilePeriodMs)
  }
}
