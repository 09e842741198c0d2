/**
 * `name_binding`: a name under a handle means an entity, another one from now on, or nothing any more (naming page, "Binding
 * an Entity Name", "Name Versioning", "Unmapping a Name").
 *
 * The developer who holds the handle signs what is bound. A later version's text also names its number, so that an old
 * signature cannot bring an old binding back. Whether this developer does hold the handle is for the reader who has the
 * handle's announcement (`records` are resolved with both).
 */
import { Schema } from "effect"
import type { Json, JsonObject } from "../../identity/canonical-json.ts"
import type { verify } from "../../identity/ed25519.ts"
import {
  type DeveloperId,
  DeveloperIdText,
  type EntityId,
  EntityIdText,
  isIdOf,
  onWire,
  readDeveloperId,
  readEntityId,
  readRegistryId,
  type RegistryId,
} from "../../identity/id.ts"
import { type PublicKey, readKey } from "../../identity/key.ts"
import { buildHashCharactersMax, tagCharactersMax, tagsMax, versionLabelCharactersMax } from "../../limits.ts"
import { type EntityName, fqanOf, type Handle, readEntityName, readHandle, readHost } from "../../records/naming.ts"
import { signedMembers } from "../../records/signed-text.ts"
import { releaseHolds } from "./handle.ts"
import {
  type Evidence,
  EvidenceDocument,
  type Head,
  type Kind,
  type Malformed,
  malformed,
  ownStatement,
  ownSubject,
  readerOf,
  readEvidence,
  saysExactly,
  type Statement,
} from "./kind.ts"

interface Named {
  readonly kind: "name"
  readonly host: string
  readonly handle: Handle
  readonly name: EntityName
  readonly developerId: DeveloperId
  /** `""` where the statement is bare: the deployed dialect shows no key of the developer here. */
  readonly publicKey: PublicKey | ""
  /** Counted by the registry, from 1; goes on after a release. */
  readonly version: number
}

export interface BoundNameBody extends Named {
  /** `rebind`: any version but the first of a life. */
  readonly action: "bind" | "rebind"
  readonly entityId: EntityId
  /** What the developer calls this version; `""` where it does not. */
  readonly label: string
  readonly tags: ReadonlyArray<string>
  /** What was built, as its developer names it. */
  readonly buildHash?: string
  /** Absent: an entity's registration named it, and its developer signed nothing: it counts at its registry and is told to nobody. */
  readonly evidence?: Evidence
  readonly isBare?: true
}

export interface ReleasedNameBody extends Named {
  readonly action: "release"
  /** The developer's signature over `release:<fqan>`. Absent: the registry's own word, and `reason` says why. */
  readonly evidence?: Evidence
  readonly reason: string
  readonly isBare?: true
}

export type NameBody = BoundNameBody | ReleasedNameBody

const common = {
  registry_host: Schema.String,
  developer_handle: Schema.String,
  entity_name: Schema.String,
  developer_id: DeveloperIdText,
  public_key: Schema.String,
  current_version: Schema.Int,
}
const bound = readerOf(
  Schema.Struct({
    ...common,
    action: Schema.Literals(["bind", "rebind"]),
    entity_id: EntityIdText,
    version: Schema.String.check(Schema.isMaxLength(2 * versionLabelCharactersMax)),
    capability_tags: Schema.Array(Schema.String.check(Schema.isMaxLength(2 * tagCharactersMax))).check(Schema.isMaxLength(tagsMax)),
    build_hash: Schema.optionalKey(Schema.String.check(Schema.isMaxLength(buildHashCharactersMax))),
    evidence: Schema.optionalKey(EvidenceDocument),
  }),
)
const released = readerOf(
  Schema.Struct({
    ...common,
    action: Schema.Literal("release"),
    evidence: Schema.optionalKey(EvidenceDocument),
    reason: Schema.String.check(Schema.isMaxLength(64)),
  }),
)

export const nameSubject = (origin: RegistryId, handle: string, name: string): string => ownSubject("name", origin, handle, name)

export const nameBinding: Kind<NameBody> = {
  read: (document, head) => (document["action"] === "release" ? readReleased(document, head) : readBound(document, head)),
  contentOf: (body) => [
    body.action,
    fqanOf(body.host, body.handle, body.name),
    body.developerId,
    ...(body.action === "release" ? [] : [body.entityId, versionText(body), body.tags]),
  ],
  isEntitled: (body, { origin }, check) =>
    body.isBare === true ||
    (body.action === "release"
      ? body.evidence === undefined || releaseHolds(body.evidence, fqanOf(body.host, body.handle, body.name), body.publicKey, check)
      : bindingHolds(body, origin, check)),
}

/** The version as both dialects can say it: its label, or else its number. */
export const versionText = ({ label, version }: Pick<BoundNameBody, "label" | "version">): string =>
  label === "" ? String(version) : label

/** A name that only its own registry knows, because no developer signed it (ruled). */
export const isPrivate = (body: { readonly kind: string }): boolean => body.kind === "name" && isUnsigned(body as NameBody)

const isUnsigned = (body: NameBody): boolean => body.action !== "release" && body.evidence === undefined && body.isBare !== true

/**
 * Did this developer sign this binding? The five members are the deployed ones; a text that names a version, a host or a
 * registry counts for that one only, and a rebind must name its version.
 */
export const bindingHolds = (body: BoundNameBody, origin: RegistryId, check: typeof verify): boolean => {
  const said = body.evidence === undefined ? undefined : signedMembers(body.evidence.text)
  if (body.evidence === undefined || body.publicKey === "" || said === undefined) return false
  if (body.action === "rebind" && said["current_version"] !== body.version) return false
  if (body.buildHash !== undefined && said["build_hash"] === undefined) return false
  return (
    saysExactly(
      said,
      {
        capability_tags: (tags) => sameTags(tags, body.tags),
        developer_handle: (handle) => handle === body.handle,
        entity_id: (id) => typeof id === "string" && readEntityId(id) === body.entityId,
        entity_name: (name) => name === body.name,
        version: (label) => label === body.label,
      },
      {
        current_version: (version) => version === body.version,
        registry_host: (host) => host === body.host,
        home_registry: (id) => typeof id === "string" && readRegistryId(id) === origin,
        build_hash: (hash) => hash === body.buildHash,
      },
    ) && check(body.publicKey, body.evidence.text, body.evidence.signature)
  )
}

/** No tags and an empty list are one (deployed clients sign either). */
const sameTags = (said: Json, tags: ReadonlyArray<string>): boolean => {
  const list = said ?? []
  return Array.isArray(list) && list.length === tags.length && tags.every((tag, i) => list[i] === tag)
}

const readBound = (document: JsonObject, { origin }: Head): Statement<NameBody> | Malformed => {
  const said = bound(document)
  const named = said === undefined ? undefined : readNamed(said)
  const evidence = said?.evidence === undefined ? undefined : readEvidence(said.evidence)
  if (said === undefined || named === undefined || (said.evidence !== undefined && evidence === undefined))
    return malformed("not an announcement")
  return ownStatement(nameSubject(origin, named.handle, named.name), {
    ...named,
    action: said.action,
    entityId: readEntityId(said.entity_id)!,
    label: said.version,
    tags: said.capability_tags,
    ...(said.build_hash !== undefined && { buildHash: said.build_hash }),
    ...(evidence !== undefined && { evidence }),
  })
}

const readReleased = (document: JsonObject, { origin }: Head): Statement<NameBody> | Malformed => {
  const said = released(document)
  const named = said === undefined ? undefined : readNamed(said)
  const evidence = said?.evidence === undefined ? undefined : readEvidence(said.evidence)
  if (said === undefined || named === undefined || (said.evidence !== undefined && evidence === undefined))
    return malformed("not an announcement")
  const body: NameBody = { ...named, action: "release", ...(evidence !== undefined && { evidence }), reason: said.reason }
  return ownStatement(nameSubject(origin, named.handle, named.name), body, true)
}

const readNamed = (said: {
  readonly registry_host: string
  readonly developer_handle: string
  readonly entity_name: string
  readonly developer_id: string
  readonly public_key: string
  readonly current_version: number
}): Named | undefined => {
  const host = readHost(said.registry_host)
  const handle = readHandle(said.developer_handle)
  const name = readEntityName(said.entity_name)
  const developerId = readDeveloperId(said.developer_id)
  const publicKey = readKey(said.public_key)
  const version = said.current_version
  if (host === undefined || handle === undefined || name === undefined || developerId === undefined || publicKey === undefined)
    return undefined
  return isIdOf(developerId, publicKey) && version >= 1 && version <= versionMax
    ? { kind: "name", host, handle, name, developerId, publicKey, version }
    : undefined
}

/** What fits the column. */
const versionMax = 0x7fff_ffff

export const nameDocument = (body: NameBody): JsonObject => ({
  type: "name_binding",
  action: body.action,
  registry_host: body.host,
  developer_handle: body.handle,
  entity_name: body.name,
  developer_id: onWire(body.developerId),
  public_key: body.publicKey,
  current_version: body.version,
  ...(body.action === "release"
    ? { reason: body.reason }
    : { entity_id: onWire(body.entityId), version: body.label, capability_tags: body.tags }),
  ...(body.action !== "release" && body.buildHash !== undefined && { build_hash: body.buildHash }),
  ...(body.evidence !== undefined && { evidence: { ...body.evidence } }),
})
