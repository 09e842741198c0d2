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
  const signed = stage.ledger.signedBy(subject)
  const shown = stage.isHonest(machine) && signed.length > 0 ? stage.shownBy(machine, signed[0]!.entityId)?.record : undefined
  if (shown === undefined) return undefined
  const changes = signed.map(({ registration }) => signedFields.filter((field) => canonical(shown[field]) !== canonical(registration[field]!)))
  if (changes.some((changed) => changed.length === 0)) return undefined
  return { node: machine.name, detail: `shows ${subject} with ${changes.at(-1)!.join(", ")} that it did not sign` }
}
