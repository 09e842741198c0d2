/**
 * A workload of whole lives: entities register at random nodes, some change, some are deleted by their owners, and some of
 * these register again, at home; each time they say something new.
 */
import type { SeededRandom } from "../dice.ts"
import type { Stage } from "../stage.ts"
import type { Word } from "../ledger.ts"
import { client } from "./clients.ts"

/** Shares of the registered that change or are deleted, and of the deleted that return. */
const changingShare = 0.3
const deletedShare = 0.4
const returningShare = 0.6

/** Owners think at least this long before they ask again. */
const thinkingMs = 3_000

export const lifecycle = (stage: Stage, count: number, fromMs: number, untilMs: number): void => {
  const beginnings = stage.world.random("workload")
  const at = (atMs: number, act: () => void) => stage.world.clock.at(Math.max(0, atMs - stage.world.clock.elapsedMs), act)

  /** At some time later, when there is some. */
  const later = (random: SeededRandom, act: () => void): void => {
    const earliestMs = stage.world.clock.elapsedMs + thinkingMs
    const atMs = random.between(earliestMs, Math.max(earliestMs, untilMs))
    if (atMs < untilMs) at(atMs, act)
  }

  const newerOf = ({ client: { number, version } }: Word) => client(stage.options.seed, number, version + 1)

  /** A life draws from a stream of its own: without it the others go on as they did. */
  const live = (number: number): void => {
    const random = stage.world.random(`life/${number}`)
    const goOn = (word: Word): void => {
      const fate = random.next()
      if (fate < changingShare) later(random, () => stage.update(word, newerOf(word), goOn))
      else if (fate < changingShare + deletedShare) later(random, () => stage.deregister(word, returnMaybe))
    }
    const returnMaybe = (word: Word): void => {
      if (random.isTrue(returningShare)) later(random, () => stage.register(word.home, newerOf(word), goOn))
    }
    stage.register(random.pick(stage.honest()), client(stage.options.seed, number), goOn)
  }

  for (let number = 0; number < count; number++) {
    const beginsMs = beginnings.between(fromMs, untilMs)
    if (stage.acts(number)) at(beginsMs, () => live(number))
  }
}
