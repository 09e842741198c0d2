/**
 * What an operator does not want here: entities, developers, peers and hosts, and what each of them covers (ruled).
 *
 *   entity      itself
 *   developer   itself, its entities, handles and names
 *   peer        a registry: no link with it, and nothing that it says
 *   host        a name with all below it, or an address: entities that are reached there, registries that are, names of it
 *
 * What is covered is *held* and counts in comparisons, but is not shown and not passed on. Two nodes that hold the same must
 * have one digest; a node that did not hold it would differ from all others for ever, and be sent it in every comparison.
 * Held it costs its bytes, a comparison finds nothing to do, and all others converge as long as they are connected without
 * this node. A node that joins them alone does not give it on, as its operator wants; then the two sides differ by it, and each
 * comparison ends after one round.
 *
 * The end of something is never withheld: a tombstone takes away what was blocked, and who asked for it may be its owner.
 */
import type { Announcement } from "../gossip/announcement.ts"
import { idOf, read, type RegistryId } from "../identity/id.ts"
import { readKey } from "../identity/key.ts"
import { hostShape } from "../mesh/address.ts"
import type { BareRecord, EntityRecord } from "../records/entity.ts"
import type { NameEntry } from "../records/name.ts"
import type { Seconds } from "../time.ts"

/** Blocks that an operator may set, some 300 bytes each; beyond it a new one is refused. */
export const blocksMax = 10_000
export const blockReasonCharactersMax = 500

export type BlockKind = "entity" | "developer" | "peer" | "host"

/** What is blocked: an id in its inner spelling, or a host in small letters. The kind follows from it. */
export interface BlockTarget {
  readonly kind: BlockKind
  readonly subject: string
}

export interface Block extends BlockTarget {
  /** For the operator; nobody else is told. */
  readonly reason: string
  readonly since: Seconds
}

/** By subject. */
export interface Blocks {
  readonly all: ReadonlyMap<string, Block>
  /** Only then URLs have to be read. */
  readonly hasHosts: boolean
}

export const blocksOf = (list: ReadonlyArray<Block>): Blocks => ({
  all: new Map(list.map((block) => [block.subject, block])),
  hasHosts: list.some(({ kind }) => kind === "host"),
})

export const noBlocks: Blocks = blocksOf([])

const kinds = { agent: "entity", service: "entity", developer: "developer", registry: "peer" } as const

/** What an operator means: an id in either spelling, a registry's key, or a host. */
export const readTarget = (text: string): BlockTarget | undefined => {
  const found = read(text)
  if (found !== undefined) return { kind: kinds[found.kind], subject: found.id }
  const key = readKey(text)
  if (key !== undefined) return { kind: "peer", subject: idOf("registry", key) }
  const host = hostIn(text)
  // one word without a point is a slip more often than a host
  return host === undefined || !/[.:]/.test(host) ? undefined : { kind: "host", subject: host }
}

/** A host in the one way to write it: small letters, `xn--`, addresses shortened. */
const hostIn = (text: string): string | undefined => {
  if (text.length > 253) return undefined
  const isV6 = text.includes(":")
  if (isV6 ? !hostShape.test(text) : /[/?#@\\\s]/.test(text)) return undefined
  const url = URL.parse(`http://${isV6 ? `[${text}]` : text.replace(/\.$/, "")}/`)
  return url === null || url.hostname === "" ? undefined : bare(url.hostname)
}

const bare = (hostname: string): string => hostname.replace(/^\[|\]$/g, "")

// what a block covers ------------------------------------------------------------------------------------------------

export const blockOfId = ({ all }: Blocks, id: string): Block | undefined => all.get(id)

/** A host is covered by a block of itself, and of any name that it is below. */
export const blockOfHost = ({ all, hasHosts }: Blocks, text: string | undefined): Block | undefined => {
  const host = hasHosts && text !== undefined ? hostIn(text) : undefined
  if (host === undefined) return undefined
  for (let name = host; name !== ""; name = name.slice(name.indexOf(".") + 1)) {
    const block = all.get(name)
    if (block !== undefined) return block
    if (!name.includes(".") || isAddress(host)) break
  }
  return undefined
}

const isAddress = (host: string): boolean => host.includes(":") || /^[\d.]+$/.test(host)

const blockOfUrl = (blocks: Blocks, url: string | undefined): Block | undefined => {
  if (!blocks.hasHosts || url === undefined) return undefined
  const hostname = URL.parse(url)?.hostname
  return hostname === undefined ? undefined : blockOfHost(blocks, bare(hostname))
}

/** Why a record is not shown. */
export const blockOfEntity = (
  blocks: Blocks,
  { developer_id, entity_id, entity_url, home_registry, openapi_url, service_endpoint }: EntityRecord | BareRecord,
): Block | undefined =>
  blockOfId(blocks, entity_id) ??
  blockOfId(blocks, developer_id) ??
  blockOfId(blocks, home_registry) ??
  blockOfUrl(blocks, entity_url) ??
  blockOfUrl(blocks, service_endpoint) ??
  blockOfUrl(blocks, openapi_url)

/** Why a name is not shown, as far as the name itself tells. */
export const blockOfName = (
  blocks: Blocks,
  { developerId, entityId, host, registry }: Pick<NameEntry, "developerId" | "entityId" | "host" | "registry">,
): Block | undefined =>
  blockOfId(blocks, entityId) ?? blockOfId(blocks, developerId) ?? blockOfId(blocks, registry) ?? blockOfHost(blocks, host)

/** Why there is no link with a registry; `hosts`: where it was seen, dialled, or says that it is reached. */
export const blockOfPeer = (blocks: Blocks, id: RegistryId, ...hosts: ReadonlyArray<string | undefined>): Block | undefined =>
  blockOfId(blocks, id) ?? hosts.map((host) => blockOfHost(blocks, host)).find((block) => block !== undefined)

/** Why a statement is not passed on, as far as it tells itself. */
export const blockOfWord = (blocks: Blocks, { body, isTombstone, origin }: Announcement): Block | undefined => {
  if (blocks.all.size === 0 || isTombstone) return undefined
  const block = blockOfId(blocks, origin)
  if (block !== undefined) return block
  switch (body.kind) {
    case "entity":
    case "bare-entity":
      return blockOfEntity(blocks, body.record)
    case "developer":
      return blockOfId(blocks, body.record.developer_id)
    case "status":
      return blockOfId(blocks, body.entityId)
    case "handle":
      return blockOfId(blocks, body.developerId)
    case "name":
      return body.action === "release" ? undefined : blockOfName(blocks, { ...body, registry: origin })
    case "proof":
      return blockOfHost(blocks, body.proof.domain)
    case "attestation":
    case "tombstone":
    case "developer-tombstone":
      return undefined
  }
}
