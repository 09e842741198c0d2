/**
 * P9: what its owner deleted, and did not register again, is shown by nobody once its tombstone had time to arrive, and
 * never again by a node that showed it deleted.
 */
import type { Stage } from "../stage.ts"
import type { Machine } from "../world.ts"
import type { Checker, Finding } from "./checker.ts"

export const noResurrection: Checker = {
  invariant: "P9 no resurrection",
  hear: (stage, machine, happening) => (happening.type === "gossip.accepted" ? hear(stage, machine, happening.subject) : undefined),
  end: (stage) =>
    stage
      .pairs("deleted")
      .filter(({ word, shown }) => shown !== undefined && stage.ledger.explanationOf(word) === undefined)
      .slice(0, 10)
      .map(({ word, machine }) => ({ node: machine.name, detail: `shows ${word.client.entityId}, deleted at ${word.home.name}` })),
}

/** A machine that knew of a deletion must not show the entity before it is registered again. */
const hear = (stage: Stage, machine: Machine, subject: string): Finding | undefined => {
  const word = stage.ledger.wordOn(subject)
  if (word?.kind !== "deleted" || !stage.isHonest(machine)) return undefined
  const shows = stage.shownBy(machine, word.client.entityId) !== undefined
  if (!shows && stage.ledger.knows(machine, word)) stage.ledger.bury(word, machine)
  // what was asked for meanwhile may be shown before its client is told so
  return shows && stage.ledger.isBuried(word, machine) && stage.ledger.explanationOf(word) === undefined
    ? { node: machine.name, detail: `shows ${subject} again, deleted at ${word.home.name}` }
    : undefined
}
