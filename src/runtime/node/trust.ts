/** Trust in an entity: that in its home registry (ruled). */
import type { Node } from "../node-service.ts"
import type { Trust } from "../trust.ts"
import { steps } from "../steps.ts"

export const trustOn = (trust: Trust, entity: Node["Service"]["entity"]): Pick<Node["Service"], "trust"> => ({
  trust: steps(function* (id) {
    const { record } = yield* entity(id)
    const home = record.home_registry
    return { entityId: record.entity_id, home, trust: trust.of(home), attesters: trust.attesters(home) }
  }),
})
