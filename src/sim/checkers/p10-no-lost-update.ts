/** P10: of what was acknowledged the last word counts: nobody shows an older one in the end. */
import type { Checker } from "./checker.ts"

export const noLostUpdate: Checker = {
  invariant: "P10 no lost update",
  end: (stage) =>
    stage
      .pairs("registered")
      .filter(({ word, shown }) => shown !== undefined && shown.record.summary !== word.client.registration["summary"])
      .filter(({ word, shown }) => stage.explanationOf(word, shown) === undefined)
      .slice(0, 10)
      .map(({ word, machine }) => ({
        node: machine.name,
        detail: `shows an older ${word.client.entityId} than was registered at ${word.home.name}`,
      })),
}
