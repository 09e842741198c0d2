/** A workload of searches: people anywhere look for a word of a topic, or for one entity by its name, all the time. */
import { Effect } from "effect"
import type { SearchAnswer } from "../../runtime/node-service.ts"
import type { Stage } from "../stage.ts"
import type { Machine } from "../world.ts"
import { nameOf, topics } from "./clients.ts"

export interface SearchesPlan {
  readonly fromMs: number
  readonly untilMs: number
  readonly everyMs: number
}

/** `isAtOnce`: no time passed between question and answer, so what was read still stands. */
export type OnAnswer = (at: Machine, query: string, answer: SearchAnswer, isAtOnce: boolean) => void

/** `onAnswer` hears of every answer. */
export const searches = (stage: Stage, { fromMs, untilMs, everyMs }: SearchesPlan, onAnswer: OnAnswer): void => {
  const random = stage.world.random("searches")
  const { clock } = stage.world
  const ask = (): void => {
    if (clock.elapsedMs >= untilMs) return
    clock.at(random.between(0.5, 1.5) * everyMs, ask)
    const machines = stage.honest()
    const words = stage.records
    if (machines.length === 0) return
    const word = words.length > 0 && random.isTrue(0.5) ? random.pick(words) : undefined
    search(stage, random.pick(machines), word === undefined ? random.pick(topics) : nameOf(word.client), onAnswer)
  }
  clock.at(Math.max(0, fromMs - clock.elapsedMs), ask)
}

export const search = ({ world }: Stage, at: Machine, query: string, onAnswer: OnAnswer): void => {
  const askedMs = world.clock.elapsedMs
  world.fork(
    at,
    Effect.match(at.node!.service.search({ query, max_results: 100, federated: false }), {
      onFailure: () => {},
      onSuccess: (answer) => onAnswer(at, query, answer, world.clock.elapsedMs === askedMs),
    }),
  )
}
