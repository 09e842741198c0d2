/**
 * Registrations that come again (ruled). An owner may repeat its request byte for byte, after a deletion or elsewhere; but the
 * SDKs' signature leaves fields unsigned and is public, so anybody could repeat it with others: an endpoint, a price, a
 * developer of his own. A signature that is known counts with the unsigned fields that it came with, and no others.
 */
import { canonical, type Json } from "../identity/canonical-json.ts"
import { sha256 } from "../identity/digest.ts"
import type { EntityRecord } from "./entity.ts"
import { heldSince, unheld } from "./ratchet.ts"
import { fieldsOf } from "./registration.ts"

const unsignedFields = [
  "service_endpoint",
  "openapi_url",
  "entity_pricing",
  "capability_summary",
  "developer_id",
  "developer_proof",
] as const

const text = (record: EntityRecord, field: (typeof unsignedFields)[number]): string => canonical((record[field] ?? null) as Json)

/**
 * What is remembered of a registration that is over: a digest of what it says beside its signature, 64 hex digits, and before
 * it, where it says when it was signed (`ratchet.ts`), that: `0001763000000123:<digest>`.
 */
export const markOf = (record: EntityRecord): string => {
  const held = heldSince(record)
  return held === unheld ? unsignedDigest(record) : `${String(held).padStart(timeDigits, "0")}:${unsignedDigest(record)}`
}

/** Digits of the time in a mark. */
export const timeDigits = 16

/** Is a registration with this mark an old one again, where one with the `known` mark came before? Both are of one entity. */
export const isSpent = (known: string, mark: string): boolean =>
  known.includes(":") && !(mark.includes(":") && mark.slice(0, timeDigits) > known.slice(0, timeDigits))

const unsignedDigest = (record: EntityRecord): string =>
  Buffer.from(sha256(unsignedFields.map((field) => text(record, field)).join("\n"))).toString("hex")

/** Is `asked` the registration that `known` was made by, with other unsigned fields? What was changed since does not tell. */
export const isReplayOf = (known: EntityRecord, asked: EntityRecord): boolean => {
  if (known.signature !== asked.signature) return false
  const changed = new Set(known.changes.flatMap(fieldsOf))
  return unsignedFields.some((field) => !changed.has(field) && text(known, field) !== text(asked, field))
}
