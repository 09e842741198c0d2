/**
 * P2: nobody is taken over: what an entity signed never changes anywhere without its signature, and its key never does
 * (ruled: "takeover").
 */
import { canonical } from "../../protocol/identity/canonical-json.ts"
import { type BareRecord, type EntityRecord, isBare } from "../../protocol/records/entity.ts"
import type { Stage } from "../stage.ts"
import type { Machine } from "../world.ts"
import type { Checker, Finding } from "./checker.ts"

export const noTakeover: Checker = {
  invariant: "P2 no takeover",
  hear: (stage, machine, happening) => (happening.type === "gossip.accepted" ? look(stage, machine, happening.subject) : undefined),
  end: (stage) => stage.honest().flatMap((machine) => stage.records.flatMap(({ client }) => look(stage, machine, client.entityId) ?? [])),
}

/** A registry of the deployed dialect tells no key of an entity. */
const signedFields = ["category", "entity_type", "entity_url", "name", "public_key", "summary", "tags"] as const

/** Records that were found to say what their entity signed. All nodes share a record; what is signed once stays signed. */
const foundRight = new WeakMap<Stage, WeakSet<EntityRecord | BareRecord>>()

const look = (stage: Stage, machine: Machine, subject: string): Finding | undefined => {
  const signed = stage.ledger.signedBy(subject)
  const shown = stage.isHonest(machine) && signed.length > 0 ? stage.shownBy(machine, signed[0]!.entityId)?.record : undefined
  const right = foundRight.get(stage) ?? new WeakSet()
  foundRight.set(stage, right)
  if (shown === undefined || (shown.entity_id === signed[0]!.entityId && right.has(shown))) return undefined
  const changes = signed.map(({ registration }) =>
    signedFields.filter(
      (field) => !(field === "public_key" && isBare(shown)) && canonical(shown[field]) !== canonical(registration[field]!),
    ),
  )
  if (changes.some((changed) => changed.length === 0)) {
    right.add(shown)
    return undefined
  }
  return { node: machine.name, detail: `shows ${subject} with ${changes.at(-1)!.join(", ")} that it did not sign` }
}
