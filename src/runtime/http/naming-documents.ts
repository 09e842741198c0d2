/** Handles and names as REST writes them: the deployed names (reference 1.2, 1.6, 1.7), and those of the naming page beside them. */
import { Schema } from "effect"
import type { HandleEntry, NameEntry, NameVersion } from "../../protocol/records/name.ts"
import { fqanOf } from "../../protocol/records/naming.ts"
import { writeTime } from "../../protocol/time.ts"
import type { HandleView, Resolution } from "../node-service.ts"
import type { Card } from "../../protocol/records/card.ts"
import { CardSignature, cardMembers, Details, Status, Tier, Time } from "./documents.ts"

const optional = Schema.optionalKey

export const Handle = Schema.Struct({
  handle: Schema.String,
  developer_id: Schema.String,
  developer_name: Schema.String,
  public_key: Schema.String,
  registry_id: Schema.String,
  claimed_at: Time,
  verified: Schema.Boolean,
  verification_method: Schema.Literals(["", "dns", "github"]),
  verification_proof: optional(Schema.String.annotate({ description: "the domain, or the account" })),
  tier: Tier,
})

export const handleDocument = (entry: HandleView): typeof Handle.Type => ({
  handle: entry.handle,
  developer_id: entry.developerId,
  developer_name: entry.developerName,
  public_key: entry.publicKey,
  registry_id: entry.registry,
  claimed_at: writeTime(entry.since),
  verified: entry.verification !== undefined,
  verification_method: entry.verification?.method ?? "",
  ...(entry.verification !== undefined && { verification_proof: entry.verification.proof }),
  tier: entry.tier,
})

export const Name = Schema.Struct({
  fqan: Schema.String,
  entity_name: Schema.String,
  developer_handle: Schema.String,
  registry_host: Schema.String,
  entity_id: Schema.String,
  developer_id: Schema.String,
  current_version: Schema.Int.annotate({ description: "counted by the registry, from 1" }),
  version: optional(Schema.String.annotate({ description: "what the developer calls it" })),
  build_hash: optional(Schema.String),
  capability_tags: Schema.Array(Schema.String),
  registered_at: Time,
  updated_at: Time,
  signature: Schema.String.annotate({ description: "the developer's; empty where a registration asked for the name" }),
  tier: Tier,
})

export const nameDocument = (entry: NameEntry): typeof Name.Type => ({
  fqan: fqanOf(entry.host, entry.handle, entry.name),
  entity_name: entry.name,
  developer_handle: entry.handle,
  registry_host: entry.host,
  entity_id: entry.entityId,
  developer_id: entry.developerId,
  current_version: entry.version,
  ...(entry.label !== "" && { version: entry.label }),
  ...(entry.buildHash !== undefined && { build_hash: entry.buildHash }),
  capability_tags: entry.tags,
  registered_at: writeTime(entry.boundAt),
  updated_at: writeTime(entry.boundAt),
  signature: entry.signature ?? "",
  tier: entry.tier,
})

export const Version = Schema.Struct({
  fqan: Schema.String,
  version: Schema.Int,
  label: Schema.String,
  entity_id: Schema.String,
  agent_id: Schema.String,
  capability_tags: Schema.Array(Schema.String),
  build_hash: optional(Schema.String),
  registered_at: Time,
  bound_at: Time,
  updated_by: Schema.String,
  signature: Schema.String,
})

export const versionDocument =
  ({ handle, host, name }: NameEntry) =>
  (version: NameVersion): typeof Version.Type => ({
    fqan: fqanOf(host, handle, name),
    version: version.version,
    label: version.label,
    entity_id: version.entityId,
    agent_id: version.entityId,
    capability_tags: version.tags,
    ...(version.buildHash !== undefined && { build_hash: version.buildHash }),
    registered_at: writeTime(version.boundAt),
    bound_at: writeTime(version.boundAt),
    updated_by: version.by,
    signature: version.signature ?? "",
  })

export const Resolved = Schema.Struct({
  fqan: Schema.String,
  entity_id: Schema.String,
  agent_id: Schema.String,
  name: Schema.String,
  entity_name: Schema.String,
  developer: Schema.String,
  developer_handle: Schema.String,
  developer_id: Schema.String,
  registry_host: Schema.String,
  registry_id: Schema.String,
  entity_url: Schema.String,
  public_key: Schema.String,
  status: Schema.Union([Status, Schema.Literal("unknown")]),
  trust_score: Schema.Finite.annotate({ description: "0 to 1: trust in its home registry; of entities registered here 1" }),
  verification_tier: Schema.Literals(["self-claimed", "dns-verified", "github-verified"]),
  current_version: Schema.Int,
  version: optional(Schema.String),
  versions: Schema.Array(Version),
  provisional: optional(Schema.Boolean.annotate({ description: "no registry, or more than one, has proven that this host is its own" })),
  card: optional(Details.annotate({ description: "the live agent card, where it is asked for and came in time" })),
  card_signature: optional(CardSignature),
  tier: Tier,
})

export const resolvedDocument = (
  { entity, isProvisional, name }: Resolution,
  versions: ReadonlyArray<NameVersion>,
  handle: Pick<HandleEntry, "verification">,
  trust: number,
  card: Card | undefined,
): typeof Resolved.Type => ({
  fqan: fqanOf(name.host, name.handle, name.name),
  entity_id: name.entityId,
  agent_id: name.entityId,
  name: name.name,
  entity_name: name.name,
  developer: name.handle,
  developer_handle: name.handle,
  developer_id: name.developerId,
  registry_host: name.host,
  registry_id: name.registry,
  entity_url: entity?.record.entity_url ?? "",
  public_key: entity?.record.public_key ?? "",
  status: entity?.status ?? "unknown",
  trust_score: trust,
  verification_tier: handle.verification === undefined ? "self-claimed" : `${handle.verification.method}-verified`,
  current_version: name.version,
  ...(name.label !== "" && { version: name.label }),
  versions: versions.map(versionDocument(name)),
  ...(isProvisional && { provisional: true }),
  ...cardMembers(card),
  tier: name.tier,
})
