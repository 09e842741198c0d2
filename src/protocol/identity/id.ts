/**
 * Ids of entities, developers and registries (identity page, "ID generation").
 *
 * An id is a kind and the first 16 bytes of SHA-256 over the raw public key. It is *one* thing with two spellings: `zns:`
 * on REST, the command line and pages, `agdns:` on our mesh wire (ruled). Inside the program an id is always its
 * `zns:` spelling, so that it can be a map key; `read` takes both, `onWire` writes the other.
 */
import { Schema } from "effect"
import { type PublicKey, rawKey } from "./key.ts"
import { sha256 } from "./digest.ts"

export type AgentId = string & { readonly AgentId: unique symbol }
export type ServiceId = string & { readonly ServiceId: unique symbol }
export type EntityId = AgentId | ServiceId
export type DeveloperId = string & { readonly DeveloperId: unique symbol }
export type RegistryId = string & { readonly RegistryId: unique symbol }
export type Id = EntityId | DeveloperId | RegistryId

export type IdKind = "agent" | "service" | "developer" | "registry"

interface IdOfKind {
  readonly agent: AgentId
  readonly service: ServiceId
  readonly developer: DeveloperId
  readonly registry: RegistryId
}

const infix: Record<IdKind, string> = { agent: "", service: "svc:", developer: "dev:", registry: "registry:" }

/** The id of a public key in one of its roles. One key can be an agent and a service: two ids. */
export const idOf = <K extends IdKind>(kind: K, key: PublicKey): IdOfKind[K] => `zns:${infix[kind]}${hexOfKey(key)}` as IdOfKind[K]

/** The id whose 16 bytes start a SHA-256 that is known already. */
export const fromHash = <K extends IdKind>(kind: K, hash: Uint8Array): IdOfKind[K] => `zns:${infix[kind]}${headOf(hash)}` as IdOfKind[K]

const headOf = (hash: Uint8Array): string => Buffer.from(hash.buffer, hash.byteOffset, 16).toString("hex")

/** Of one announcement the same keys are asked for several times; the most recent ones are kept, the oldest forgotten. */
const knownHexes = new Map<PublicKey, string>()
const knownHexesMax = 4_096

const hexOfKey = (key: PublicKey): string => {
  const known = knownHexes.get(key)
  if (known !== undefined) return known
  if (knownHexes.size >= knownHexesMax) knownHexes.delete(knownHexes.keys().next().value!)
  const hex = headOf(sha256(rawKey(key)))
  knownHexes.set(key, hex)
  return hex
}

const shape = /^(?:zns|agdns):(svc:|dev:|registry:)?([0-9a-f]{32})$/

/** Reads an id in either spelling; `undefined` when it is none (shorter ones in the pages are abbreviations, not ids). */
export const read = (text: string): { readonly kind: IdKind; readonly id: Id } | undefined => {
  const match = shape.exec(text)
  if (match === null) return undefined
  const kind: IdKind = match[1] === undefined ? "agent" : match[1] === "svc:" ? "service" : match[1] === "dev:" ? "developer" : "registry"
  return { kind, id: `zns:${infix[kind]}${match[2]}` as Id }
}

const readAs =
  (...kinds: ReadonlyArray<IdKind>) =>
  (text: string) => {
    const found = read(text)
    return found !== undefined && kinds.includes(found.kind) ? found.id : undefined
  }

export const readEntityId = readAs("agent", "service") as (text: string) => EntityId | undefined
export const readDeveloperId = readAs("developer") as (text: string) => DeveloperId | undefined
export const readRegistryId = readAs("registry") as (text: string) => RegistryId | undefined

/** The mesh spelling of an id. */
export const onWire = (id: Id): string => `ag${id.replace("zns:", "dns:")}`

/** The 16 bytes of an id as hex: what two spellings, and a key's agent and service, have in common. */
export const hexOf = (id: Id): string => id.slice(-32)

/** Is this the id of this key? */
export const isIdOf = (id: Id, key: PublicKey): boolean => hexOf(id) === hexOfKey(key)

/** An id on the wire: either spelling in, the inner spelling out. */
const wireId = <I extends Id>(reader: (text: string) => I | undefined, what: string) =>
  Schema.String.check(Schema.makeFilter((text) => (reader(text) === undefined ? `is not the id of ${what}` : undefined)))

export const EntityIdText = wireId(readEntityId, "an entity")
export const DeveloperIdText = wireId(readDeveloperId, "a developer")
export const RegistryIdText = wireId(readRegistryId, "a registry")
