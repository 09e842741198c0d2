/**
 * What an announcement of the deployed dialect means: one of our kinds, as only its registry says it.
 *
 * The deployed dialect shows no evidence: no entity's key or signature, no developer's, and its derivation proof cannot be
 * checked without the entity's key. So whatever its origin signed is the word of that registry alone: of what is its own it
 * speaks as any registry; a claim of an entity or a developer ranks behind every claim that proves itself, and what it takes
 * back is its own claim and nobody else's (`records/slots.ts`). What a deployed node lets pass beyond that (another
 * registry's id, a developer's id with another key, a proof of somebody else) is no announcement here.
 */
import type { JsonObject } from "../identity/canonical-json.ts"
import { type EntityId, isIdOf, readDeveloperId, readEntityId, readRegistryId } from "../identity/id.ts"
import type { DeveloperProof } from "../identity/derivation.ts"
import { readKey, readSignature } from "../identity/key.ts"
import { recordTtlSeconds, registryProofLifeMs } from "../limits.ts"
import { attestationSubject, type VerifiedLayer } from "../gossip/kinds/attestation.ts"
import { handleSubject } from "../gossip/kinds/handle.ts"
import { type Head, isMalformed, type Malformed, malformed, ownStatement, type Statement } from "../gossip/kinds/kind.ts"
import type { AnnouncementType, Body } from "../gossip/kinds/kinds.ts"
import { nameSubject } from "../gossip/kinds/name.ts"
import { proofSubject } from "../gossip/kinds/proof.ts"
import { statusSubject } from "../gossip/kinds/status.ts"
import { fqanOf, readEntityName, readHandle, readHost } from "../records/naming.ts"
import type { Pricing } from "../records/pricing.ts"
import { registeredAtUnknown } from "../records/slots.ts"
import type { GoAnnouncement } from "./go-announcement.ts"

/** What it says, and under which of our types. */
export interface Meaning extends Statement<Body> {
  readonly type: AnnouncementType
}

type Means = (said: GoAnnouncement, head: Head) => Meaning | Malformed

/** The deployed node takes a type that it does not know for `agent_announce`. */
export const meaningOf: Means = (said, head) => {
  const means = Object.hasOwn(kinds, said.type) ? kinds[said.type]! : agentAnnounce
  const meaning = means(said, head)
  return isMalformed(meaning) ? meaning : { ...meaning, precedence: isFirst(said.action) ? -2 : -1 }
}

/** Of two words in one second the one that begins something is the earlier. */
const isFirst = (action: string): boolean => action === "register" || action === "claim"

const unknownAction = malformed("an action that is none")

// entities -----------------------------------------------------------------------------------------------------------

const agentAnnounce: Means = (said, head) => {
  const entityId = readEntityId(said.entity_id)
  if (entityId === undefined) return malformed("entity id")
  switch (said.action) {
    case "register":
    case "update":
      return entityOf(said, entityId, said.action, head)
    case "deregister":
      return {
        type: "tombstone",
        subject: entityId,
        isTombstone: true,
        isOwnWord: true,
        registeredAt: registeredAtUnknown,
        homeIsSigned: false,
        body: { kind: "tombstone", entityId, publicKey: "", registeredAt: head.at, reason },
      }
    case "agent_status": {
      const { status } = said
      if (status !== "active" && status !== "inactive") return malformed("status")
      return { type: "agent_status", ...ownStatement(statusSubject(head.origin, entityId), { kind: "status", entityId, status }) }
    }
  }
  return unknownAction
}

/** What a deployed node gives as the reason of every deletion. */
const reason = "owner-deregistered"

const entityOf = (said: GoAnnouncement, entityId: EntityId, action: "register" | "update", { at, origin }: Head): Meaning | Malformed => {
  const developerId = said.developer_id === "" ? "" : readDeveloperId(said.developer_id)
  if (developerId === undefined) return malformed("developer id")
  const proof = said.developer_proof === undefined ? undefined : derivationProof(said)
  if (said.developer_proof !== undefined && proof === undefined) return malformed("developer proof")
  const isService = entityId.startsWith("zns:svc:")
  return {
    type: isService ? "service_announce" : "agent_announce",
    subject: entityId,
    isTombstone: false,
    registeredAt: registeredAtUnknown,
    homeIsSigned: false,
    body: {
      kind: "bare-entity",
      action,
      record: {
        entity_id: entityId,
        entity_type: isService ? "service" : "agent",
        name: said.name,
        category: said.category,
        tags: said.tags ?? [],
        summary: said.summary,
        entity_url: said.entity_url,
        public_key: "",
        developer_id: developerId,
        ...(proof !== undefined && { developer_proof: proof }),
        ...(said.service_endpoint !== "" && { service_endpoint: said.service_endpoint }),
        ...(said.openapi_url !== "" && { openapi_url: said.openapi_url }),
        ...(said.entity_pricing !== undefined && { entity_pricing: pricingFrom(said.entity_pricing) }),
        home_registry: origin,
        registered_at: at,
        updated_at: at,
        ttl: recordTtlSeconds,
        signature: "",
        changes: [],
      },
    },
  }
}

/** A proof of the developer that the announcement names; whether it is of this entity, its key would tell. */
const derivationProof = ({ developer_id, developer_proof, developer_public_key }: GoAnnouncement): DeveloperProof | undefined => {
  const { developer_signature, entity_index, developer_public_key: by } = developer_proof!
  const key = readKey(by)
  const signature = readSignature(developer_signature)
  if (key === undefined || signature === undefined) return undefined
  const developerId = readDeveloperId(developer_id)
  if (developerId === undefined || !isIdOf(developerId, key)) return undefined
  if (developer_public_key !== "" && readKey(developer_public_key) !== key) return undefined
  return { developer_public_key: key, entity_index, developer_signature: signature }
}

const pricingFrom = ({ base_price_usd, currency, model, payment_methods, rates }: Pricing): JsonObject => ({
  model,
  base_price_usd,
  currency,
  ...(payment_methods !== undefined && { payment_methods }),
  ...(rates !== undefined && { rates }),
})

// developers, handles, names -------------------------------------------------------------------------------------------

const developerAnnounce: Means = (said, { at, origin }) => {
  const developerId = readDeveloperId(said.developer_id)
  const publicKey = readKey(said.public_key)
  if (developerId === undefined) return malformed("developer id")
  if (publicKey !== undefined && !isIdOf(developerId, publicKey)) return malformed("id and key disagree")
  const claim = { subject: developerId, registeredAt: registeredAtUnknown, homeIsSigned: false }
  switch (said.action) {
    case "register":
    case "update":
      if (publicKey === undefined) return malformed("key")
      return {
        type: "developer_announce",
        ...claim,
        isTombstone: false,
        body: {
          kind: "developer",
          action: said.action,
          isBare: true,
          record: {
            developer_id: developerId,
            name: said.name,
            public_key: publicKey,
            profile_url: said.profile_url,
            github: said.github,
            home_registry: origin,
            registered_at: at,
            updated_at: at,
          },
        },
      }
    case "deregister":
      return {
        type: "tombstone",
        ...claim,
        isTombstone: true,
        isOwnWord: true,
        body: { kind: "developer-tombstone", developerId, publicKey: "", registeredAt: at, reason },
      }
  }
  return unknownAction
}

const devHandle: Means = (said, { origin }) => {
  const handle = readHandle(said.dev_handle)
  const developerId = readDeveloperId(said.developer_id)
  const publicKey = readKey(said.public_key)
  if (handle === undefined || developerId === undefined || publicKey === undefined) return malformed("handle")
  if (!isIdOf(developerId, publicKey)) return malformed("id and key disagree")
  const subject = handleSubject(origin, handle)
  const common = { kind: "handle", handle, developerId, publicKey, isBare: true } as const
  switch (said.action) {
    case "claim":
      return { type: "dev_handle", ...ownStatement<Body>(subject, { ...common, action: "claim" }) }
    case "verify": {
      const method = said.verification_method
      if (!said.dev_handle_verified || (method !== "dns" && method !== "github")) return malformed("verification")
      return { type: "dev_handle", ...ownStatement<Body>(subject, { ...common, action: "verify", verification: { method, proof: "" } }) }
    }
    case "release":
      return { type: "dev_handle", ...ownStatement<Body>(subject, { ...common, action: "release", reason: "released" }, true) }
  }
  return unknownAction
}

const nameBinding: Means = (said, { origin }) => {
  const host = readHost(said.registry_host)
  const handle = readHandle(said.dev_handle)
  const name = readEntityName(said.agent_name_zns)
  const developerId = readDeveloperId(said.developer_id)
  if (host === undefined || handle === undefined || name === undefined || developerId === undefined) return malformed("name")
  if (said.fqan !== fqanOf(host, handle, name)) return malformed("a name of other parts")
  const subject = nameSubject(origin, handle, name)
  const common = { kind: "name", host, handle, name, developerId, publicKey: "", isBare: true } as const
  switch (said.action) {
    case "register":
    case "update":
    case "version": {
      const entityId = readEntityId(said.entity_id)
      if (entityId === undefined) return malformed("entity id")
      const number = /^[1-9]\d{0,8}$/.test(said.version) ? Number(said.version) : undefined
      return {
        type: "name_binding",
        ...ownStatement<Body>(subject, {
          ...common,
          action: said.action === "register" ? "bind" : "rebind",
          entityId,
          version: number ?? 1,
          label: number === undefined ? said.version : "",
          tags: said.capability_tags ?? [],
        }),
      }
    }
    case "release":
      return {
        type: "name_binding",
        ...ownStatement<Body>(subject, { ...common, action: "release", version: 1, reason: "released" }, true),
      }
  }
  return unknownAction
}

// registries ---------------------------------------------------------------------------------------------------------

const registryProof: Means = (said, { at, origin, originKey }) => {
  if (said.action !== "publish" && said.action !== "update") return unknownAction
  if (readKey(said.ed25519_public_key) !== originKey) return malformed("a proof of another registry")
  const domain = said.domain === "" ? undefined : readHost(said.domain)
  if (said.domain !== "" && domain === undefined) return malformed("domain")
  if (!/^sha256:[0-9a-f]{64}$/.test(said.tls_spki_fingerprint)) return malformed("fingerprint")
  return {
    type: "registry_proof",
    ...ownStatement<Body>(proofSubject(origin), {
      kind: "proof",
      isBare: true,
      proof: {
        registryId: origin,
        publicKey: originKey,
        ...(domain !== undefined && { domain }),
        fingerprint: said.tls_spki_fingerprint,
        issuedAt: at,
        expiresAt: at + registryProofLifeMs / 1_000,
        signature: "",
        document: {},
      },
    }),
  }
}

/** Layers are all that the deployed dialect attests: nothing is counted. */
const peerAttestation: Means = (said, { at, origin }) => {
  if (said.action !== "attest") return unknownAction
  const subject = readRegistryId(said.subject_id)
  const layers = said.verified_layers ?? []
  if (readRegistryId(said.attester_id) !== origin) return malformed("an attestation of another registry")
  if (subject === undefined || subject === origin) return malformed("nobody attests of itself")
  if (!layers.every(isLayer) || new Set(layers).size < layers.length) return malformed("layers")
  const observation = { subject, period: at, valid: 0, invalid: 0, answers: 0, uptime: 0, layers }
  return { type: "peer_attestation", ...ownStatement<Body>(attestationSubject(origin, subject), { kind: "attestation", ...observation }) }
}

const isLayer = (layer: string): layer is VerifiedLayer => layer === "proof" || layer === "dns" || layer === "tls"

const kinds: Readonly<Record<string, Means>> = {
  agent_announce: agentAnnounce,
  developer_announce: developerAnnounce,
  dev_handle: devHandle,
  name_binding: nameBinding,
  registry_proof: registryProof,
  peer_attestation: peerAttestation,
}
