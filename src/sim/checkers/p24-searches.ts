/**
 * P24: a search shows what is there: nothing that the asked node knows to be deleted, nothing that says what its owner did not
 * sign, and in the end everybody finds every record by its name (registry page, search).
 */
import type { SearchAnswer } from "../../runtime/node-service.ts"
import type { Stage } from "../stage.ts"
import { nameOf } from "../workload/clients.ts"
import { search } from "../workload/searches.ts"
import type { Machine } from "../world.ts"

const invariant = "P24 searches"

/** Called with every answer. While a slow disk kept it waiting, what it read may have ended. */
export const judgeAnswer = (stage: Stage, at: Machine, query: string, { hits }: SearchAnswer, isAtOnce: boolean): void => {
  for (const { entry } of hits) {
    const { entity_id: id, name, summary } = entry.record
    const wrong = (detail: string) =>
      stage.violate("safety", invariant, { node: at.name, detail: `asked for ${query} finds ${id}, ${detail}` })
    if (isAtOnce && stage.shownBy(at, id) === undefined) wrong("which it does not show")
    const signed = stage.ledger.signedBy(id)
    if (signed.length > 0 && !signed.some(({ registration }) => registration["name"] === name && registration["summary"] === summary))
      wrong("which says what its owner did not sign")
  }
}

/** Every record, by its name, at every machine; the answers are there at once. */
export const findAll = (stage: Stage): void => {
  for (const machine of stage.honest())
    for (const word of stage.records) {
      if (stage.ledger.explanationOf(word) !== undefined) continue
      const { entityId } = word.client
      let isFound: boolean | undefined
      search(stage, machine, nameOf(word.client), (at, query, answer, isAtOnce) => {
        judgeAnswer(stage, at, query, answer, isAtOnce)
        isFound = answer.hits.some(({ entry }) => entry.record.entity_id === entityId)
      })
      stage.world.turns.drain()
      if (isFound === true) continue
      const detail = isFound === undefined ? `does not answer who asks for ${entityId}` : `does not find ${entityId} by its name`
      stage.violate("liveness", invariant, { node: machine.name, detail })
    }
}
