/**
 * A month of signs of life: entities beat for hours or days, fall silent for hours or days, and come back, while halves part
 * and homes are away. At every calm moment all nodes say of each whether it lives (registry page, "Active → inactive").
 */
import { inactiveAfterMs, reconcilePeriodMs, sweepPeriodMs } from "../../protocol/limits.ts"
import type { PlannedFault } from "../faults/fault.ts"
import type { Word } from "../ledger.ts"
import type { Scenario } from "../scenario.ts"
import type { Stage } from "../stage.ts"
import { client } from "../workload/clients.ts"
import { beginMonth, dayMs, hourMs } from "./month.ts"

const invariant = "P25 signs of life"
/** Less than what makes an entity inactive. */
const beatEveryMs = 240_000
const checkEveryMs = 3 * hourMs
/** Until a change of anything is known to all: silence is noticed, swept, said, and caught up with. */
const settledMs = inactiveAfterMs + 2 * sweepPeriodMs + 4 * reconcilePeriodMs + 2 * 60_000

export const liveness: Scenario = {
  name: "liveness",
  purpose: "for thirty days all nodes know who gives signs of life and who does not",
  defaults: { nodes: 4, untilMs: 30 * dayMs, records: 6 },
  play: (stage) => {
    stage.mesh(3)
    const { faults, fromMs } = beginMonth(stage)
    const lives = Array.from({ length: stage.options.records }, (_, number) => live(stage, number, fromMs))
    let checks = 0
    const { clock } = stage.world
    const check = (): void => {
      if (lastChangeOf(faults, clock.elapsedMs) + settledMs <= clock.elapsedMs) {
        checks++
        for (const life of lives) judge(stage, life)
      }
      clock.at(Math.min(checkEveryMs, stage.options.untilMs / 8), check)
    }
    clock.at(fromMs, check)
    // what lives changes to the end, so that digests are never at rest
    stage.run(stage.options.untilMs)
    stage.drawn["checks"] = checks
    return {}
  },
}

interface Life {
  word: Word | undefined
  isAwake: boolean
  /** When it fell silent or woke. */
  sinceMs: number
}

/** One entity, from its registration on. */
const live = (stage: Stage, number: number, fromMs: number): Life => {
  const { clock } = stage.world
  const random = stage.world.random(`life/${number}`)
  const life: Life = { word: undefined, isAwake: true, sinceMs: 0 }
  const beat = (): void => {
    if (life.isAwake && life.word !== undefined) stage.beat(life.word)
    clock.at(beatEveryMs, beat)
  }
  const turn = (): void => {
    life.isAwake = !life.isAwake
    life.sinceMs = clock.elapsedMs
    clock.at(random.between(0.5, 40) * hourMs, turn)
  }
  clock.at(fromMs + random.between(0, 10_000), () => {
    stage.register(random.pick(stage.honest()), client(stage.options.seed, number), (word) => {
      life.word = word
      life.sinceMs = clock.elapsedMs
    })
    beat()
    clock.at(random.between(0.5, 40) * hourMs, turn)
  })
  return life
}

/** When the last of the faults began or ended before this moment; now, where one goes on. */
const lastChangeOf = (faults: ReadonlyArray<PlannedFault>, nowMs: number): number =>
  faults.reduce((last, { atMs, forMs }) => (atMs > nowMs ? last : Math.max(last, Math.min(nowMs, atMs + forMs))), 0)

const judge = (stage: Stage, { isAwake, sinceMs, word }: Life): void => {
  if (word === undefined || sinceMs + settledMs > stage.world.clock.elapsedMs) return
  const wanted = isAwake ? "active" : "inactive"
  for (const machine of stage.honest()) {
    const shown = stage.shownBy(machine, word.client.entityId)
    if (shown === undefined || shown.status === wanted) continue
    const detail = `shows ${word.client.entityId} as ${shown.status}, which ${isAwake ? "beats" : "is silent"} since ${Math.round(sinceMs / 1_000)} s`
    stage.violate("liveness", invariant, { node: machine.name, detail })
  }
}
