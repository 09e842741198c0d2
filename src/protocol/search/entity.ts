/** What is indexed of an entity, and what a search can ask for. */
import type { JsonObject } from "../identity/canonical-json.ts"
import type { EntityEntry, EntityStatus, EntityType } from "../records/entity.ts"
import type { Seconds } from "../time.ts"

/** Kinds of capabilities that can be asked for, by their names in a `capability_summary` and in a search (reference 1.2, 4.1). */
export const capabilityKinds = ["skills", "protocols", "languages", "models"] as const
export type CapabilityKind = (typeof capabilityKinds)[number]

export interface IndexedEntity {
  readonly id: string
  readonly name: string
  readonly category: string
  readonly tags: ReadonlyArray<string>
  readonly summary: string
  readonly developerId: string
  readonly entityType: EntityType
  readonly status: EntityStatus
  /** Its home registry, whose trust it has. */
  readonly home: string
  readonly updatedAt: Seconds
  readonly capabilities: Readonly<Partial<Record<CapabilityKind, ReadonlyArray<string>>>>
}

export const indexedEntity = ({ record, status }: EntityEntry): IndexedEntity => ({
  id: record.entity_id,
  name: record.name,
  category: record.category,
  tags: record.tags,
  summary: record.summary,
  developerId: record.developer_id,
  entityType: record.entity_type,
  status,
  home: record.home_registry,
  updatedAt: record.updated_at,
  capabilities: record.capability_summary === undefined ? {} : capabilitiesIn(record.capability_summary),
})

/** A summary is its developer's text: whatever is not a list of texts is not there. */
const capabilitiesIn = (summary: JsonObject): IndexedEntity["capabilities"] =>
  Object.fromEntries(
    capabilityKinds.flatMap((kind) => {
      const told = summary[kind]
      return Array.isArray(told) ? [[kind, told.filter((each) => typeof each === "string")]] : []
    }),
  )

/**
 * Absent members do not filter, and a filter alone is a query. Tags and capabilities: any of them, whatever their case; a
 * skill is also found among the tags, which is where most entities say what they can.
 */
export interface Filters extends Readonly<Partial<Record<CapabilityKind, ReadonlyArray<string>>>> {
  readonly category?: string
  readonly tags?: ReadonlyArray<string>
  /** Any of them; none passes an empty list. */
  readonly developers?: ReadonlyArray<string>
  readonly entityType?: string
  readonly status?: string
  /** Least trust in the home registry, 0 … 1. */
  readonly minTrust?: number
}

/** What of an entity a vector is made of (reference 4.4). */
export const embeddedText = ({ name, summary, tags }: Pick<IndexedEntity, "name" | "summary" | "tags">): string =>
  [name, summary, ...tags].join(" ")
