/**
 * Builders of the things tests are about: registries, developers, entities with true signatures. Everything follows from
 * small numbers, so that a failing test says which.
 */
import { canonical } from "../../src/protocol/identity/canonical-json.ts"
import { deriveKey, prove } from "../../src/protocol/identity/derivation.ts"
import { type SecretKey, secretKeyOf, sign } from "../../src/protocol/identity/ed25519.ts"
import { idOf, type RegistryId } from "../../src/protocol/identity/id.ts"
import {
  announceEntity,
  announceTombstone,
  type EntityAction,
  type Origin,
  type VerifiedAnnouncement,
} from "../../src/protocol/gossip/announcement.ts"
import { recordTtlSeconds } from "../../src/protocol/limits.ts"
import type { DeveloperRecord } from "../../src/protocol/records/developer.ts"
import type { EntityRecord } from "../../src/protocol/records/entity.ts"
import type { Seconds } from "../../src/protocol/time.ts"

/** 2026-04-10T12:00:00Z: the moment at which tests begin. */
export const noon: Seconds = 1_775_822_400

/** A 32-byte seed that shows its number in hex. */
export const seedBytes = (seed: number): Uint8Array => Buffer.alloc(32).fill(Buffer.from(seed.toString(16).padStart(8, "0"), "hex"))

export const keyOf = (seed: number): SecretKey => remembered(`key ${seed}`, () => secretKeyOf(seedBytes(seed)))

/** A registry that can announce. */
export interface Registry extends Origin {
  readonly secret: SecretKey
}

export const registryOf = (seed: number): Registry =>
  remembered(`registry ${seed}`, () => {
    const secret = keyOf(seed)
    return { secret, publicKey: secret.publicKey, registryId: idOf("registry", secret.publicKey), sign: (message) => sign(secret, message) }
  })

/** The developer of this seed, as a signed registration would leave it. `over` replaces fields before they are signed. */
export const developerOf = (
  seed: number,
  over: Partial<Pick<DeveloperRecord, "name" | "profile_url" | "github" | "home_registry" | "registered_at" | "updated_at">> = {},
): DeveloperRecord => {
  const secret = keyOf(seed)
  const said = { name: `developer ${seed}`, profile_url: "", github: "", ...over }
  const { github, name, profile_url } = said
  return {
    developer_id: idOf("developer", secret.publicKey),
    public_key: secret.publicKey,
    home_registry: registryOf(1).registryId,
    registered_at: noon,
    updated_at: noon,
    ...said,
    signature: sign(secret, canonical({ github, name, profile_url, public_key: secret.publicKey })),
  }
}

/** The same as a registration of one of its entities makes it: nameless and unsigned. */
export const implicitDeveloperOf = (seed: number): DeveloperRecord => {
  const { signature: _, ...record } = developerOf(seed, { name: "" })
  return record
}

/** The key of a developer's entity. */
export const entityKeyOf = (developerSeed: number, index: number): SecretKey =>
  remembered(`entity ${developerSeed} ${index}`, () => deriveKey(seedBytes(developerSeed), index, "agdns:agent:"))

/** An entity of a developer: derived key, true proof, signed like an SDK's registration. `fields` replaces fields before signing. */
export const entityOf = (developerSeed: number, index: number, fields: Partial<EntityRecord> = {}): EntityRecord => {
  const developer = keyOf(developerSeed)
  const secret = entityKeyOf(developerSeed, index)
  const type = fields.entity_type ?? "agent"
  const said = {
    entity_type: type,
    name: `agent ${developerSeed}/${index}`,
    category: "tools",
    tags: ["weather", "python"],
    summary: "Tells tomorrow's weather",
    entity_url: `https://agent-${developerSeed}-${index}.example`,
    public_key: secret.publicKey,
    ...fields,
  }
  const { category, entity_type, entity_url, name, public_key, summary, tags } = said
  return {
    entity_id: idOf(type, secret.publicKey),
    developer_id: idOf("developer", developer.publicKey),
    developer_proof: prove(developer, secret.publicKey, index),
    home_registry: registryOf(1).registryId,
    registered_at: noon,
    updated_at: noon,
    ttl: recordTtlSeconds,
    changes: [],
    ...said,
    signature: sign(secret, canonical({ category, entity_type, entity_url, name, public_key, summary, tags })),
  }
}

/** What a registry announces of an entity. Without `at`: at its last change. */
export const announced = (
  registry: Registry,
  record: EntityRecord,
  at: Seconds = record.updated_at,
  action: EntityAction = "register",
): VerifiedAnnouncement => announceEntity(registry, action, { ...record, home_registry: registry.registryId }, at)

/** The end of that registration, as the entity's own key asked for it. */
export const buried = (
  registry: Registry,
  developerSeed: number,
  index: number,
  record: EntityRecord,
  at: Seconds,
): VerifiedAnnouncement => {
  const text = record.entity_id
  const signature = sign(entityKeyOf(developerSeed, index), text)
  return announceTombstone(
    registry,
    { ...record, home_registry: registry.registryId },
    { by: "entity", text, signature },
    "owner-deregistered",
    at,
  )
}

export const homeOf = (registry: Registry): { readonly home_registry: RegistryId } => ({ home_registry: registry.registryId })

/** Keys take a while to make, and tests ask for the same few again and again. */
const known = new Map<string, unknown>()
const remembered = <A>(name: string, make: () => A): A => {
  if (!known.has(name)) known.set(name, make())
  return known.get(name) as A
}
