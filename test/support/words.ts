/** What registries say besides entities: handles, names, developers, statuses, proofs, with true signatures of small seeds. */
import {
  announceAttestation,
  announceDeveloper,
  announceHandle,
  announceName,
  announceProof,
  announceStatus,
  type VerifiedAnnouncement,
} from "../../src/protocol/gossip/announcement.ts"
import type { Observation } from "../../src/protocol/gossip/kinds/attestation.ts"
import type { VerificationMethod } from "../../src/protocol/gossip/kinds/handle.ts"
import { canonical, type JsonObject } from "../../src/protocol/identity/canonical-json.ts"
import { sign } from "../../src/protocol/identity/ed25519.ts"
import { type EntityId, idOf } from "../../src/protocol/identity/id.ts"
import { type EntityName, fqanOf, type Handle, releaseText } from "../../src/protocol/records/naming.ts"
import type { DeveloperRecord } from "../../src/protocol/records/developer.ts"
import type { EntityStatus } from "../../src/protocol/records/entity.ts"
import type { Seconds } from "../../src/protocol/time.ts"
import { keyOf, noon, type Registry } from "./builders.ts"

export const host = "zns01.example"

const signedBy = (seed: number, text: string) => ({ text, signature: sign(keyOf(seed), text) })
const developer = (seed: number) => ({ developerId: idOf("developer", keyOf(seed).publicKey), publicKey: keyOf(seed).publicKey })

/** The text that a developer signs to claim a handle. */
export const claimText = (seed: number, handle: string, beside: JsonObject = {}): string =>
  canonical({ developer_id: developer(seed).developerId, handle, public_key: keyOf(seed).publicKey, ...beside })

export const claimed = (
  registry: Registry,
  seed: number,
  handle: string,
  at: Seconds = noon,
  beside: JsonObject = {},
): VerifiedAnnouncement =>
  announceHandle(
    registry,
    { action: "claim", handle: handle as Handle, ...developer(seed), evidence: signedBy(seed, claimText(seed, handle, beside)) },
    at,
  )

export const verified = (
  registry: Registry,
  seed: number,
  handle: string,
  method: VerificationMethod,
  proof: string,
  at: Seconds = noon,
): VerifiedAnnouncement =>
  announceHandle(
    registry,
    {
      action: "verify",
      handle: handle as Handle,
      ...developer(seed),
      evidence: signedBy(seed, claimText(seed, handle)),
      verification: { method, proof, evidence: signedBy(seed, canonical({ handle, method, proof })) },
    },
    at,
  )

/** By the developer, or with a reason by the registry's own word. */
export const unclaimed = (registry: Registry, seed: number, handle: string, at: Seconds, reason?: string): VerifiedAnnouncement =>
  announceHandle(
    registry,
    {
      action: "release",
      handle: handle as Handle,
      ...developer(seed),
      reason: reason ?? "released",
      ...(reason === undefined && { evidence: signedBy(seed, releaseText(handle)) }),
    },
    at,
  )

export interface BindingSaid {
  readonly handle: string
  readonly name: string
  readonly entityId: EntityId
  readonly version?: number
  readonly label?: string
  readonly tags?: ReadonlyArray<string>
}

/** The text that a developer signs to bind a name; beyond the first version it names its number. */
export const bindingText = ({ entityId, handle, label = "", name, tags = [], version = 1 }: BindingSaid): string =>
  canonical({
    capability_tags: tags.length === 0 ? null : tags,
    developer_handle: handle,
    entity_id: entityId,
    entity_name: name,
    version: label,
    ...(version > 1 && { current_version: version }),
  })

export const bound = (registry: Registry, seed: number, said: BindingSaid, at: Seconds = noon): VerifiedAnnouncement => {
  const { entityId, handle, label = "", name, tags = [], version = 1 } = said
  return announceName(
    registry,
    {
      action: version === 1 ? "bind" : "rebind",
      host,
      handle: handle as Handle,
      name: name as EntityName,
      ...developer(seed),
      version,
      entityId,
      label,
      tags,
      evidence: signedBy(seed, bindingText(said)),
    },
    at,
  )
}

export const unbound = (
  registry: Registry,
  seed: number,
  handle: string,
  name: string,
  version: number,
  at: Seconds,
  reason?: string,
): VerifiedAnnouncement =>
  announceName(
    registry,
    {
      action: "release",
      host,
      handle: handle as Handle,
      name: name as EntityName,
      ...developer(seed),
      version,
      reason: reason ?? "released",
      ...(reason === undefined && { evidence: signedBy(seed, releaseText(fqanOf(host, handle, name))) }),
    },
    at,
  )

export const introducedDeveloper = (registry: Registry, record: DeveloperRecord, at: Seconds = noon): VerifiedAnnouncement =>
  announceDeveloper(registry, "register", { ...record, home_registry: registry.registryId }, at)

export const statusSaid = (
  registry: Registry,
  entityId: EntityId,
  status: EntityStatus | "gone",
  at: Seconds = noon,
): VerifiedAnnouncement => announceStatus(registry, entityId, status, status === "gone" ? undefined : at - 1, at)

export const proven = (registry: Registry, domain: string | undefined, at: Seconds = noon): VerifiedAnnouncement =>
  announceProof(registry, { ...(domain !== undefined && { domain }), issuedAt: at, expiresAt: at + 2_592_000 }, at)

export const observationOf = (subject: Registry, over: Partial<Observation> = {}): Observation => ({
  subject: subject.registryId,
  period: noon - 3_600,
  valid: 120,
  invalid: 1,
  answers: 7,
  uptime: 990,
  layers: ["proof", "tls"],
  ...over,
})

export const attested = (registry: Registry, observation: Observation, at: Seconds = noon): VerifiedAnnouncement =>
  announceAttestation(registry, observation, at)
