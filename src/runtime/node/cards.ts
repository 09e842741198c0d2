/** Live Agent Cards, for one entity and for results of a search (registry page, "Enrich"). */
import { Effect } from "effect"
import type { EntityId } from "../../protocol/identity/id.ts"
import { enrichedMax, enrichPatienceMs } from "../../protocol/limits.ts"
import type { Card } from "../../protocol/records/card.ts"
import type { Cards } from "../cards.ts"
import type { Node } from "../node-service.ts"
import { steps } from "../steps.ts"

export const cardsOn = (cards: Cards, entity: Node["Service"]["entity"]): Pick<Node["Service"], "card" | "cards"> => ({
  card: (id) => Effect.flatMap(entity(id), cards.live),

  cards: steps(function* (entries) {
    const found = new Map<EntityId, Card>()
    yield* Effect.forEach(
      entries.slice(0, enrichedMax),
      (entry) =>
        Effect.match(cards.recent(entry), {
          onFailure: () => {},
          onSuccess: (card) => void found.set(entry.record.entity_id, card),
        }),
      { concurrency: "unbounded", discard: true },
    ).pipe(Effect.timeoutOption(enrichPatienceMs))
    // what comes later is for the next one who asks
    return new Map(found)
  }),
})
