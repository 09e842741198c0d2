/**
 * Keys of the DHT: 256 bits, as 64 hex digits, so that a key can be a map's. Nodes and values live in the same space.
 *
 * A node's key is the SHA-256 of its public key; its first half is its registry id. An entity's and a developer's key is
 * their id's 16 bytes and 16 zero bytes (as deployed), so that of one key's agent, service and developer is the same; a
 * name's is the SHA-256 of its lower-case FQAN (ruled).
 */
import { isBareDocument } from "../agentdns/document.ts"
import { type Announcement } from "../gossip/announcement.ts"
import { isPrivate } from "../gossip/kinds/name.ts"
import { sha256Hex } from "../identity/digest.ts"
import { type DeveloperId, type EntityId, hexOf, read, type RegistryId } from "../identity/id.ts"
import { type PublicKey, rawKey } from "../identity/key.ts"
import { fqanOf } from "../records/naming.ts"

export type DhtKey = string & { readonly DhtKey: unique symbol }

export const keyBits = 256

export const readDhtKey = (text: string): DhtKey | undefined => (shape.test(text) ? (text as DhtKey) : undefined)
const shape = /^[0-9a-f]{64}$/

/** The most recent ones are kept: the same few are asked about with every connection. */
export const nodeKeyOf = (publicKey: PublicKey): DhtKey => {
  const known = nodeKeys.get(publicKey)
  if (known !== undefined) return known
  if (nodeKeys.size >= nodeKeysMax) nodeKeys.delete(nodeKeys.keys().next().value!)
  const key = sha256Hex(rawKey(publicKey)) as DhtKey
  nodeKeys.set(publicKey, key)
  return key
}
const nodeKeys = new Map<PublicKey, DhtKey>()
const nodeKeysMax = 4_096
export const registryIdOf = (node: DhtKey): RegistryId => `zns:registry:${node.slice(0, 32)}` as RegistryId

export const idKeyOf = (id: EntityId | DeveloperId): DhtKey => `${hexOf(id)}${"0".repeat(32)}` as DhtKey
export const fqanKeyOf = (host: string, handle: string, name: string): DhtKey =>
  sha256Hex(fqanOf(host, handle, name).toLowerCase()) as DhtKey

/** Where an announcement is stored; `undefined` for what the DHT does not carry, and for what shows no evidence. */
export const keyOf = ({ body, document }: Announcement): DhtKey | undefined => {
  if (isBareDocument(document)) return undefined
  switch (body.kind) {
    case "entity":
      return idKeyOf(body.record.entity_id)
    case "tombstone":
      return idKeyOf(body.entityId)
    case "developer":
      return idKeyOf(body.record.developer_id)
    case "developer-tombstone":
      return idKeyOf(body.developerId)
    case "name":
      return isPrivate(body) ? undefined : fqanKeyOf(body.host, body.handle, body.name)
    case "bare-entity":
    case "status":
    case "handle":
    case "proof":
    case "attestation":
      return undefined
  }
}

/** Of a subject that is an id: entities and developers. */
export const keyOfSubject = (subject: string): DhtKey | undefined => {
  const found = read(subject)
  return found === undefined || found.kind === "registry" ? undefined : idKeyOf(found.id as EntityId | DeveloperId)
}
