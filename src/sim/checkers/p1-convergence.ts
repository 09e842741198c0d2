/** P1: what was registered and acknowledged is shown by every living honest node in the end. */
import type { Checker } from "./checker.ts"

export const convergence: Checker = {
  invariant: "P1 convergence",
  end: (stage) =>
    stage
      .missing()
      .filter(({ record }) => stage.ledger.explanationOf(record) === undefined)
      .slice(0, 10)
      .map(({ machine, record }) => ({
        node: machine.name,
        detail: `does not show ${record.client.entityId}, registered at ${record.home.name}`,
      })),
}
