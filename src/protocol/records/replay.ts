/**
 * Registrations that come again (ruled). An owner may repeat its request byte for byte, after a deletion or elsewhere; but the
 * SDKs' signature leaves fields unsigned and is public, so anybody could repeat it with others: an endpoint, a price, a
 * developer of his own. A signature that is known counts with the unsigned fields that it came with, and no others.
 */
import { canonical, type Json } from "../identity/canonical-json.ts"
import { sha256 } from "../identity/digest.ts"
import type { EntityRecord } from "./entity.ts"
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

/** What a registration says beside its signature, as 64 hex digits. */
export const unsignedDigest = (record: EntityRecord): string =>
  Buffer.from(sha256(unsignedFields.map((field) => text(record, field)).join("\n"))).toString("hex")

/** Is `asked` the registration that `known` was made by, with other unsigned fields? What was changed since does not tell. */
export const isReplayOf = (known: EntityRecord, asked: EntityRecord): boolean => {
  if (known.signature !== asked.signature) return false
  const changed = new Set(known.changes.flatMap(fieldsOf))
  return unsignedFields.some((field) => !changed.has(field) && text(known, field) !== text(asked, field))
}
