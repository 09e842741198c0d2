/**
 * Signs of life: every registered entity beats at its home, as an SDK does while its agent runs. Who is silent for five minutes
 * is found inactive (registry page), and that would be news of its own in the middle of a calm.
 */
import { inactiveAfterMs } from "../../protocol/limits.ts"
import type { Stage } from "../stage.ts"

const periodMs = 60_000
/** Not all in one moment. */
const spreadMs = 10_000

/** From now on; and once more when the faults are over, so that whoever was not heard during them is active again. */
export const keepBeating = (stage: Stage, calmFromMs: number, untilMs: number): void => {
  if (untilMs <= inactiveAfterMs - spreadMs) return
  const { clock } = stage.world
  const random = stage.world.random("beats")
  const beatAll = (): void => {
    for (const word of stage.ledger.words("registered")) clock.at(random.between(0, spreadMs), () => stage.beat(word))
  }
  for (let atMs = periodMs; atMs < calmFromMs; atMs += periodMs) clock.at(atMs - clock.elapsedMs, beatAll)
  for (let atMs = calmFromMs; atMs < untilMs; atMs += periodMs) clock.at(atMs - clock.elapsedMs, beatAll)
}
