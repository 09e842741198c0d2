/**
 * What we say, in the form of the deployed dialect: the same content (`contentOf` of each kind), so that one announcement in
 * two forms is one. Some of our kinds have none: a status that is gone, a record that we hold no more.
 */
import type { Body } from "../gossip/kinds/kinds.ts"
import type { Head } from "../gossip/kinds/kind.ts"
import { versionText } from "../gossip/kinds/name.ts"
import { deployedHopsMax } from "./limits.ts"
import { fqanOf } from "../records/naming.ts"
import { pricingOf } from "../records/pricing.ts"
import type { EntityRecord } from "../records/entity.ts"
import { writeTime } from "../time.ts"
import type { GoAnnouncement } from "./go-announcement.ts"

export type GoForm = Partial<GoAnnouncement>

/** `name`: of the developer whom it is about, where the kind itself does not say it. */
export const formOf = (body: Body, { at, origin, originKey }: Head, name: string): GoForm | undefined => {
  const said = saidIn(body, { at, origin, originKey }, name)
  if (said === undefined) return undefined
  return {
    name: "",
    ...said,
    home_registry: origin,
    timestamp: writeTime(at),
    origin_public_key: originKey,
    max_hops: deployedHopsMax,
  }
}

const saidIn = (body: Body, { origin, originKey }: Head, name: string): GoForm | undefined => {
  switch (body.kind) {
    case "entity":
      return { type: "agent_announce", action: body.action, ...entityMembers(body.record) }
    case "tombstone":
      return { type: "agent_announce", action: "deregister", entity_id: body.entityId }
    case "status":
      return body.status === "gone"
        ? undefined
        : { type: "agent_announce", action: "agent_status", entity_id: body.entityId, status: body.status }
    case "developer": {
      const { developer_id, github, name: called, profile_url, public_key } = body.record
      return { type: "developer_announce", action: body.action, name: called, developer_id, profile_url, github, public_key }
    }
    case "developer-tombstone":
      return { type: "developer_announce", action: "deregister", developer_id: body.developerId, public_key: body.publicKey }
    case "handle":
      return {
        type: "dev_handle",
        action: body.action,
        name,
        developer_id: body.developerId,
        public_key: body.publicKey,
        dev_handle: body.handle,
        ...(body.action === "verify" &&
          body.verification !== undefined && { dev_handle_verified: true, verification_method: body.verification.method }),
      }
    case "name":
      return {
        type: "name_binding",
        action: body.action === "bind" ? "register" : body.action === "rebind" ? "update" : "release",
        developer_id: body.developerId,
        dev_handle: body.handle,
        fqan: fqanOf(body.host, body.handle, body.name),
        agent_name_zns: body.name,
        registry_host: body.host,
        ...(body.action !== "release" && { entity_id: body.entityId, version: versionText(body), capability_tags: body.tags }),
      }
    case "proof":
      return {
        type: "registry_proof",
        action: "publish",
        domain: body.proof.domain ?? "",
        ed25519_public_key: originKey,
        tls_spki_fingerprint: body.proof.fingerprint,
        verification_tier: "self-announced",
      }
    case "attestation":
      return {
        type: "peer_attestation",
        action: "attest",
        attester_id: origin,
        subject_id: body.subject,
        verified_layers: body.layers,
      }
    case "bare-entity": // is in that form already
      return undefined
  }
}

const entityMembers = (record: EntityRecord): GoForm => ({
  entity_id: record.entity_id,
  name: record.name,
  category: record.category,
  tags: record.tags,
  summary: record.summary,
  entity_url: record.entity_url,
  entity_type: record.entity_type,
  service_endpoint: record.service_endpoint ?? "",
  openapi_url: record.openapi_url ?? "",
  ...(record.entity_pricing !== undefined && { entity_pricing: pricingOf(record.entity_pricing) }),
  developer_id: record.developer_id,
  developer_public_key: record.developer_proof.developer_public_key,
  developer_proof: record.developer_proof,
})
