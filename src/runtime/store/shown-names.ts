/** Handles, names and attestations as stores show them, made from what registries said: shared by every store. */
import type { Announcement } from "../../protocol/gossip/announcement.ts"
import type { RegistryId } from "../../protocol/identity/id.ts"
import type { HandleEntry, NameEntry } from "../../protocol/records/name.ts"
import type { Attested } from "../ports.ts"

type Tier = NameEntry["tier"]

/** `undefined` where the handle was given up. */
export const handleEntryOf = ({ at, body, origin }: Announcement, tier: HandleEntry["tier"]): HandleEntry | undefined =>
  body.kind !== "handle" || body.action === "release"
    ? undefined
    : {
        registry: origin,
        handle: body.handle,
        developerId: body.developerId,
        publicKey: body.publicKey,
        since: at,
        ...(body.verification !== undefined && { verification: { method: body.verification.method, proof: body.verification.proof } }),
        tier,
      }

/** `undefined` where the name means nothing any more. */
export const nameEntryOf = ({ at, body, origin }: Announcement, tier: Tier): NameEntry | undefined =>
  body.kind !== "name" || body.action === "release"
    ? undefined
    : {
        host: body.host,
        registry: origin,
        handle: body.handle,
        name: body.name,
        entityId: body.entityId,
        developerId: body.developerId,
        version: body.version,
        label: body.label,
        tags: body.tags,
        boundAt: at,
        ...(body.buildHash !== undefined && { buildHash: body.buildHash }),
        ...(body.evidence !== undefined && { signature: body.evidence.signature }),
        tier,
      }

export const attestedOf = ({ at, body, origin }: Announcement): Attested | undefined => {
  if (body.kind !== "attestation") return undefined
  const { kind: _, ...observation } = body
  return { attester: origin, observation, at }
}

/** Ours first, then by registry, handle and name. */
export const inOrder = <E extends { readonly tier: Tier; readonly registry: RegistryId; readonly handle: string; readonly name?: string }>(
  entries: ReadonlyArray<E>,
): ReadonlyArray<E> => [...entries].sort((a, b) => compare(keyOf(a), keyOf(b)))

const keyOf = ({ handle, name = "", registry, tier }: Parameters<typeof inOrder>[0][number]) =>
  [tier === "local" ? "0" : "1", registry, handle, name].join(" ")
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
