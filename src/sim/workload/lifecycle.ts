/**
 * A workload of whole lives: entities register at random nodes, some are deleted by their owners, and some of these register
 * again, at home, saying something new.
 */
import type { Stage } from "../stage.ts"
import type { Word } from "../ledger.ts"
import { client } from "./clients.ts"

/** Shares of the registered that are deleted, and of the deleted that return. */
const deletedShare = 0.4
const returningShare = 0.6

/** Owners think at least this long before they ask again. */
const thinkingMs = 3_000

export const lifecycle = (stage: Stage, count: number, fromMs: number, untilMs: number): void => {
  const random = stage.world.random("workload")
  const at = (atMs: number, act: () => void) => stage.world.clock.at(Math.max(0, atMs - stage.world.clock.elapsedMs), act)

  /** At some time later, when there is some. */
  const later = (act: () => void): void => {
    const earliestMs = stage.world.clock.elapsedMs + thinkingMs
    const atMs = random.between(earliestMs, Math.max(earliestMs, untilMs))
    if (atMs < untilMs) at(atMs, act)
  }

  const register = (number: number): void => stage.register(random.pick(stage.honest()), client(stage.options.seed, number), deleteMaybe)
  const deleteMaybe = (word: Word): void => {
    if (random.isTrue(deletedShare)) later(() => stage.deregister(word, returnMaybe))
  }
  const returnMaybe = ({ client: { number, version }, home }: Word): void => {
    if (random.isTrue(returningShare)) later(() => stage.register(home, client(stage.options.seed, number, version + 1), deleteMaybe))
  }

  for (let number = 0; number < count; number++) at(random.between(fromMs, untilMs), () => register(number))
}
