/**
 * Requests as a client signs them. Every one is signed whole and names its registry where its form allows that, so that
 * nothing in it can be changed on the way and nobody can play it to another registry (`protocol/records`).
 */
import { canonical, type JsonObject } from "../../../protocol/identity/canonical-json.ts"
import { type DeveloperProof, prove } from "../../../protocol/identity/derivation.ts"
import { type SecretKey, sign } from "../../../protocol/identity/ed25519.ts"
import { type EntityId, idOf } from "../../../protocol/identity/id.ts"
import { timedDeletionText } from "../../../protocol/records/ratchet.ts"
import { releaseText } from "../../../protocol/records/naming.ts"

const signedBy = <T extends JsonObject>(key: SecretKey, request: T) => ({ ...request, signature: sign(key, canonical(request)) })

export const developerRequest = (key: SecretKey, { github, name, profileUrl }: Record<"github" | "name" | "profileUrl", string>) =>
  signedBy(key, { github, name, profile_url: profileUrl, public_key: key.publicKey })

export interface EntityProfile {
  readonly name: string
  readonly category: string
  readonly type: "agent" | "service"
  readonly url: string
  readonly tags: ReadonlyArray<string>
  readonly summary: string
}

export interface Names {
  readonly entityName?: string | undefined
  readonly version?: string | undefined
}

/** Registration, signed over all of it by the entity; the developer's proof is inside. */
export const entityRequest = (
  entity: SecretKey,
  developer: SecretKey,
  index: number,
  profile: EntityProfile,
  home: string,
  names: Names,
  /** RFC 3339: holds the entity to it (`protocol/records/ratchet.ts`). */
  timestamp?: string,
) => {
  const proof: DeveloperProof = prove(developer, entity.publicKey, index)
  return signedBy(entity, {
    category: profile.category,
    developer_id: idOf("developer", developer.publicKey),
    developer_proof: { ...proof },
    entity_type: profile.type,
    entity_url: profile.url,
    home_registry: home,
    name: profile.name,
    public_key: entity.publicKey,
    summary: profile.summary,
    tags: profile.tags,
    ...(profile.type === "service" && { service_endpoint: profile.url }),
    ...(names.entityName !== undefined && { entity_name: names.entityName }),
    ...(names.version !== undefined && { version: names.version }),
    ...(timestamp !== undefined && { timestamp }),
  })
}

export const claimRequest = (developer: SecretKey, handle: string, home: string, domain: string | undefined) =>
  signedBy(developer, {
    developer_id: idOf("developer", developer.publicKey),
    ...(domain !== undefined && { domain }),
    handle,
    home_registry: home,
    public_key: developer.publicKey,
  })

export const verificationRequest = (developer: SecretKey, handle: string, method: "dns" | "github", proof: string) =>
  signedBy(developer, { handle, method, proof })

export interface NameRequest {
  readonly handle: string
  readonly name: string
  readonly entityId: string
  readonly label: string
  readonly tags: ReadonlyArray<string>
  readonly buildHash?: string | undefined
  /** The number the registry shall give it; a change of what a name means must say it, a first binding need not. */
  readonly number?: number
}

export const nameRequest = (developer: SecretKey, { buildHash, entityId, handle, label, name, number, tags }: NameRequest) =>
  signedBy(developer, {
    ...(buildHash !== undefined && { build_hash: buildHash }),
    capability_tags: tags.length === 0 ? null : tags,
    ...(number !== undefined && { current_version: number }),
    developer_handle: handle,
    entity_id: entityId,
    entity_name: name,
    version: label,
  })

/** Who signs a deletion: the entity itself, or its developer. */
export interface Owner {
  readonly key: SecretKey
  readonly scheme: "Bearer" | "Bearer-Dev"
}

/** What `Authorization` says for a request that has no body: the owner's signature over what it gives up. */
export const deletionHeaders = ({ key, scheme }: Owner, entityId: string) => ({ authorization: `${scheme} ${sign(key, entityId)}` })

/** The same, and when and for which registry it was signed (`protocol/records/ratchet.ts`): both go into the query. */
export const timedDeletion = (
  { key, scheme }: Owner,
  entityId: EntityId,
  stamp: { readonly timestamp: string; readonly registry_id: string },
) => ({
  query: new URLSearchParams(stamp).toString(),
  headers: { authorization: `${scheme} ${sign(key, timedDeletionText(entityId, stamp)!)}` },
})

export const releaseHeaders = (key: SecretKey, what: string) => ({ authorization: `Bearer ${sign(key, releaseText(what))}` })
