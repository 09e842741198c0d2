/**
 * P2: nobody is taken over: what an entity signed never changes anywhere without its signature, and its key never does
 * (ruled: "takeover").
 */
import { canonical } from "../../protocol/identity/canonical-json.ts"
import type { Stage } from "../stage.ts"
import type { Machine } from "../world.ts"
import type { Checker, Finding } from "./checker.ts"

export const noTakeover: Checker = {
  invariant: "P2 no takeover",
  hear: (stage, machine, happening) => (happening.type === "gossip.accepted" ? look(stage, machine, happening.subject) : undefined),
  end: (stage) =>
    stage.honest().flatMap((machine) => stage.records.flatMap(({ client }) => look(stage, machine, client.entityId) ?? [])),
}

const signedFields = ["category", "entity_type", "entity_url", "name", "public_key", "summary", "tags"] as const

const look = (stage: Stage, machine: Machine, subject: string): Finding | undefined => {
  const record = stage.recordOf(subject)
  const shown = stage.isHonest(machine) && record !== undefined ? stage.shownBy(machine, record.client.entityId)?.record : undefined
  if (shown === undefined) return undefined
  const changed = signedFields.filter((field) => canonical(shown[field]) !== canonical(record!.client.registration[field]!))
  return changed.length === 0 ? undefined : { node: machine.name, detail: `shows ${subject} with ${changed.join(", ")} that it did not sign` }
}
