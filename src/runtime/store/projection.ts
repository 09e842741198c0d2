/**
 * The typed tables of the storage page, as they follow from what registries said: for each slot the rows that it makes, and
 * the rows that it ends. Entities are in `merging.ts`, because several registries may claim one.
 */
import type { Announcement } from "../../protocol/gossip/announcement.ts"
import type { JsonObject } from "../../protocol/identity/canonical-json.ts"
import type { DeveloperId, EntityId, RegistryId } from "../../protocol/identity/id.ts"
import type { PublicKey, Signature } from "../../protocol/identity/key.ts"
import type { HandleEntry, NameEntry, NameVersion } from "../../protocol/records/name.ts"
import { fqanOf } from "../../protocol/records/naming.ts"
import type { Seconds } from "../../protocol/time.ts"
import type { Attested } from "../ports.ts"
import { developerRow, pgTime, readVerification, secondsOfDate } from "./rows.ts"
import type { TypedTable } from "./statements.ts"

/** One change of a typed table. */
export interface Write {
  readonly table: TypedTable
  readonly does: "put" | "drop"
  readonly row: JsonObject
}

const put = (table: TypedTable, row: JsonObject): Write => ({ table, does: "put", row })
const drop = (table: TypedTable, row: JsonObject): Write => ({ table, does: "drop", row })

/** What a statement of one registry about its own makes of the tables. `isOurs`: it was said here. */
export const projected = (said: Announcement, receivedAt: Seconds, isOurs: boolean): ReadonlyArray<Write> => {
  const { at, body, document, origin, originKey } = said
  const signature = document["signature"]
  switch (body.kind) {
    case "status": {
      const key = { agent_id: body.entityId, home_registry: origin }
      return body.status === "gone"
        ? [drop("entity_statuses", key)]
        : [
            put("entity_statuses", {
              ...key,
              status: body.status,
              last_heartbeat: body.lastHeartbeat === undefined ? null : pgTime(body.lastHeartbeat),
            }),
          ]
    }
    case "handle": {
      const key = { registry_id: origin, handle: body.handle }
      if (body.action === "release") return [drop("handles", key)]
      return [
        put("handles", {
          ...key,
          developer_id: body.developerId,
          public_key: body.publicKey,
          since: pgTime(at),
          verification_method: body.verification?.method ?? null,
          verification_proof: body.verification?.proof ?? null,
          is_local: isOurs,
        }),
      ]
    }
    case "name": {
      const fqan = fqanOf(body.host, body.handle, body.name)
      const key = { fqan, registry_id: origin, developer_handle: body.handle, entity_name: body.name }
      if (body.action === "release") return [drop(isOurs ? "zns_names" : "gossip_zns_names", key)]
      const row = {
        ...key,
        registry_host: body.host,
        agent_id: body.entityId,
        developer_id: body.developerId,
        current_version: body.version,
        label: body.label,
        capability_tags: body.tags,
        updated_at: pgTime(at),
        signature: body.evidence?.signature ?? "",
      }
      if (!isOurs) return [put("gossip_zns_names", { ...row, received_at: pgTime(receivedAt), origin_public_key: originKey })]
      // What we said in another life, and heard again, is ours now.
      return [
        drop("gossip_zns_names", key),
        put("zns_names", row),
        put("zns_versions", { ...row, version: body.version, build_hash: body.buildHash ?? null, registered_at: pgTime(at) }),
      ]
    }
    case "proof": {
      const { domain, expiresAt, fingerprint, issuedAt, publicKey } = body.proof
      return [
        put("registry_identity_proofs", {
          registry_id: origin,
          domain: domain ?? null,
          ed25519_public_key: publicKey,
          tls_spki_fingerprint: fingerprint,
          proof_json: body.proof.document,
          proof_signature: body.proof.signature,
          verification_tier: "self-announced",
          issued_at: pgTime(issuedAt),
          expires_at: pgTime(expiresAt),
          received_at: pgTime(receivedAt),
        }),
      ]
    }
    case "attestation":
      return [
        put("peer_attestations", {
          attester_id: origin,
          subject_id: body.subject,
          verified_layers: body.layers,
          period: pgTime(body.period),
          valid: body.valid,
          invalid: body.invalid,
          answers: body.answers,
          uptime: body.uptime,
          attested_at: pgTime(at),
          signature,
        }),
      ]
    case "entity":
    case "bare-entity":
    case "tombstone":
    case "developer":
    case "developer-tombstone":
      return []
  }
}

/** A developer as the mesh shows it now: `said` is the slot that is shown. */
export const gossipDeveloper = (id: string, said: Announcement | undefined, receivedAt: Seconds): Write =>
  said?.body.kind === "developer"
    ? put("gossip_developers", { ...developerRow(said.body.record), received_at: pgTime(receivedAt), origin_public_key: said.originKey })
    : drop("gossip_developers", { developer_id: id })

/** A developer who is registered here. */
export const ownDeveloper = (said: Announcement): ReadonlyArray<Write> =>
  said.body.kind === "developer"
    ? [put("developers", developerRow(said.body.record))]
    : said.body.kind === "developer-tombstone"
      ? [drop("developers", { developer_id: said.body.developerId })]
      : []

// rows that come back ------------------------------------------------------------------------------------------------

export interface HandleRow {
  readonly registry_id: RegistryId
  readonly handle: string
  readonly developer_id: DeveloperId
  readonly public_key: PublicKey
  readonly since: Date
  readonly verification_method: "dns" | "github" | null
  readonly verification_proof: string | null
  readonly is_local: boolean
}

export const readHandleRow = (row: HandleRow): HandleEntry => ({
  registry: row.registry_id,
  handle: row.handle,
  developerId: row.developer_id,
  publicKey: row.public_key,
  since: secondsOfDate(row.since),
  ...readVerification(row),
  tier: row.is_local ? "local" : "gossip",
})

export interface NameRow {
  readonly tier: "local" | "gossip"
  readonly registry_id: RegistryId
  readonly entity_name: string
  readonly developer_handle: string
  readonly registry_host: string
  readonly agent_id: EntityId
  readonly developer_id: DeveloperId
  readonly current_version: number
  readonly label: string
  readonly capability_tags: ReadonlyArray<string>
  readonly updated_at: Date
  readonly signature: Signature | ""
}

export const readNameRow = (row: NameRow): NameEntry => ({
  host: row.registry_host,
  registry: row.registry_id,
  handle: row.developer_handle,
  name: row.entity_name,
  entityId: row.agent_id,
  developerId: row.developer_id,
  version: row.current_version,
  label: row.label,
  tags: row.capability_tags,
  boundAt: secondsOfDate(row.updated_at),
  ...(row.signature !== "" && { signature: row.signature }),
  tier: row.tier,
})

export interface VersionRow {
  readonly version: number
  readonly label: string
  readonly agent_id: EntityId
  readonly capability_tags: ReadonlyArray<string>
  readonly developer_id: DeveloperId
  readonly build_hash: string | null
  readonly signature: Signature | ""
  readonly registered_at: Date
}

export const readVersionRow = (row: VersionRow): NameVersion => ({
  version: row.version,
  label: row.label,
  entityId: row.agent_id,
  tags: row.capability_tags,
  boundAt: secondsOfDate(row.registered_at),
  ...(row.build_hash !== null && { buildHash: row.build_hash }),
  ...(row.signature !== "" && { signature: row.signature }),
  by: row.developer_id,
})

export interface AttestationRow {
  readonly attester_id: RegistryId
  readonly subject_id: RegistryId
  readonly verified_layers: Attested["observation"]["layers"]
  readonly period: Date
  readonly valid: number
  readonly invalid: number
  readonly answers: number
  readonly uptime: number
  readonly attested_at: Date
}

export const readAttestationRow = (row: AttestationRow): Attested => ({
  attester: row.attester_id,
  at: secondsOfDate(row.attested_at),
  observation: {
    subject: row.subject_id,
    period: secondsOfDate(row.period),
    valid: row.valid,
    invalid: row.invalid,
    answers: row.answers,
    uptime: row.uptime,
    layers: row.verified_layers,
  },
})
