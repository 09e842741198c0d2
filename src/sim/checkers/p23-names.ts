/**
 * P23: a name means what its owner let it mean: whoever resolves it is told of the developer who holds the handle and of an
 * entity that this developer bound to it, and in the end everybody of the last one (naming page, TOFU).
 */
import { Exit } from "effect"
import type { Stage } from "../stage.ts"
import type { NameBook, NameWord } from "../workload/names.ts"
import type { Machine } from "../world.ts"
import type { Checker, Finding } from "./checker.ts"

const invariant = "P23 names"

export const namesMeanTheirs = (stage: Stage, book: NameBook): Checker => {
  book.onResolved = ({ at, entityId, owner, word }) => {
    if (owner === word.owner && word.asked.has(entityId)) return
    stage.violate("safety", invariant, { node: at.name, detail: `resolves ${textOf(word)} to ${entityId} of ${owner}` })
  }
  return {
    invariant,
    end: () =>
      book.words
        .filter(({ isLost, open }) => open === 0 && !isLost)
        .flatMap((word) => stage.honest().flatMap((machine) => wrong(stage, machine, word)))
        .slice(0, 10),
  }
}

const wrong = (stage: Stage, machine: Machine, word: NameWord): ReadonlyArray<Finding> => {
  const exit = stage.world.look(machine.store.names({ handle: word.handle, name: word.name }))
  const entry = Exit.isSuccess(exit) ? exit.value.find(({ host }) => host === word.host) : undefined
  if (entry?.entityId === word.meaning) return []
  const shown = entry === undefined ? "nothing" : entry.entityId
  return [{ node: machine.name, detail: `${textOf(word)} means ${shown}, its owner was told ${word.meaning ?? "nothing"}` }]
}

const textOf = ({ handle, host, name }: NameWord): string => `${host}/${handle}/${name}`
