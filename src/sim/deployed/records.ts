/**
 * What the deployed node holds of others, and what it shows: the table of the facts. It looks whether an announcement is
 * signed, but hardly at who is entitled to say it.
 */
import type { DeployedAnnouncement } from "./announcement.ts"
import { lower, tokensOf } from "./filter.ts"
import type { DeployedQuery, DeployedResult } from "./messages.ts"

/** An entity, its own or a remote one. */
export interface DeployedEntity {
  readonly entity_id: string
  readonly name: string
  readonly category: string
  readonly tags: ReadonlyArray<string> | null
  readonly summary: string
  readonly entity_type: string
  readonly entity_url: string
  readonly home_registry: string
  readonly developer_id: string
  readonly status: string
  /** Key of the registry that registered it first: only this one may change or end it. */
  readonly originKey: string
  readonly isTombstoned: boolean
}

export interface DeployedDeveloper {
  readonly developer_id: string
  readonly name: string
  readonly public_key: string
  readonly profile_url: string
  readonly github: string
  readonly home_registry: string
}

export interface DeployedName {
  readonly fqan: string
  readonly entity_id: string
  readonly version: string
  readonly isReleased: boolean
}

export class DeployedRecords {
  /** Registered here. */
  readonly own = new Map<string, DeployedEntity>()
  /** Heard of. */
  readonly heard = new Map<string, DeployedEntity>()
  readonly developers = new Map<string, DeployedDeveloper>()
  readonly names = new Map<string, DeployedName>()
  /** Registry proofs by the registry they claim to be of, with whatever they say; and who attested whom. */
  readonly proofs = new Map<string, { readonly domain: string; readonly tier: string }>()
  /** Entities about which an older word came after a newer one, by another link: it looks at no time, and keeps what came last. */
  readonly outrun = new Set<string>()
  /** Entities about which a question of its own took the last word for its answer, and threw it away. */
  readonly swallowed = new Set<string>()
  readonly #last = new Map<string, { readonly timestamp: string; readonly via: string }>()
  readonly #attesters = new Map<string, Set<string>>()

  /** Stores what it says, as it came from this peer. False: it is dropped here, and goes no farther. */
  take(said: DeployedAnnouncement, via: string): boolean {
    switch (said.type) {
      case "developer_announce":
        if (said.action === "register" || said.action === "update") this.#putDeveloper(said, said.profile_url, said.github)
        return true
      case "dev_handle":
        // the handle itself is never shown; what it blanks is
        if (["claim", "verify", "release"].includes(said.action)) this.#putDeveloper(said, "", "")
        return true
      case "name_binding":
        this.#takeName(said)
        return true
      case "registry_proof":
        if (said.action === "publish" || said.action === "update")
          this.proofs.set(said.home_registry, { domain: said.domain, tier: said.verification_tier })
        return true
      case "peer_attestation":
        if (said.action === "attest") this.#attest(said)
        return true
      default:
        return this.#takeEntity(said, via)
    }
  }

  swallow(entityId: string | undefined): void {
    if (entityId !== undefined) this.swallowed.add(entityId)
  }

  /** What GET shows without asking anybody: the local record comes before the remote one. */
  entity(id: string): DeployedEntity | undefined {
    return this.own.get(id) ?? this.heard.get(id)
  }

  /** What a name resolves to. */
  resolve(fqan: string): DeployedName | undefined {
    const name = this.names.get(fqan)
    return name?.isReleased === false ? name : undefined
  }

  /** All that a filter is made of. */
  get live(): ReadonlyArray<DeployedEntity> {
    return [...this.own.values(), ...this.heard.values()].filter(({ isTombstoned }) => !isTombstoned)
  }

  /** Its own search, as far as it is observable in a mesh: words, exact category, any of the tags, type; the inactive are left out. */
  search(asked: DeployedQuery): ReadonlyArray<DeployedResult> {
    const words = tokensOf(asked.query)
    const tags = (asked.tags ?? []).map(lower)
    const isMeant = (entity: DeployedEntity) =>
      entity.status !== "inactive" &&
      (asked.category === "" || entity.category === asked.category) &&
      (asked.entity_type === "" || entity.entity_type === asked.entity_type) &&
      (tags.length === 0 || (entity.tags ?? []).some((tag) => tags.includes(lower(tag))))
    const seen = new Set<string>()
    return this.live
      .filter((entity) => isMeant(entity) && !seen.has(entity.entity_id) && seen.add(entity.entity_id) !== undefined)
      .map((entity) => ({ entity, score: scoreOf(entity, words) }))
      .filter(({ score }) => score > 0)
      .sort((a, b) => b.score - a.score)
      .slice(0, asked.max_results > 0 ? asked.max_results : resultsByDefault)
      .map(({ entity, score }) => resultOf(entity, score))
  }

  #takeEntity(said: DeployedAnnouncement, via: string): boolean {
    const isKept = this.#keepEntity(said)
    // the end of what it does not know is dropped, and not heard a second time when the beginning comes
    if (!isKept && said.action !== "deregister") return false
    this.swallowed.delete(said.entity_id)
    const last = this.#last.get(said.entity_id)
    if (last !== undefined && last.timestamp > said.timestamp && last.via !== via) this.outrun.add(said.entity_id)
    else this.outrun.delete(said.entity_id)
    this.#last.set(said.entity_id, { timestamp: said.timestamp, via })
    return isKept
  }

  #keepEntity(said: DeployedAnnouncement): boolean {
    const known = this.heard.get(said.entity_id)
    const isPinned = known !== undefined && known.originKey === said.origin_public_key
    switch (said.action) {
      case "register":
      case "update":
        if (said.action === "update" && known !== undefined && !isPinned) return false
        this.heard.set(said.entity_id, {
          ...entityOf(said),
          ...(known !== undefined && { home_registry: known.home_registry, originKey: known.originKey, isTombstoned: known.isTombstoned }),
        })
        return true
      case "agent_status":
        if (!isPinned) return false
        this.heard.set(said.entity_id, { ...known, status: said.status })
        return true
      case "deregister":
        if (!isPinned) return false
        this.heard.set(said.entity_id, { ...known, isTombstoned: true })
        return true
      default:
        return true
    }
  }

  #putDeveloper({ developer_id, home_registry, name, public_key }: DeployedAnnouncement, profile_url: string, github: string): void {
    this.developers.set(developer_id, { developer_id, name, public_key, home_registry, profile_url, github })
  }

  #takeName({ action, entity_id, fqan, version }: DeployedAnnouncement): void {
    const known = this.names.get(fqan)
    if (["register", "update", "version"].includes(action)) this.names.set(fqan, { fqan, entity_id, version, isReleased: false })
    else if (action === "release" && known !== undefined) this.names.set(fqan, { ...known, isReleased: true })
  }

  #attest({ attester_id, subject_id }: DeployedAnnouncement): void {
    const attesters = (this.#attesters.get(subject_id) ?? new Set()).add(attester_id)
    this.#attesters.set(subject_id, attesters)
    const proof = this.proofs.get(subject_id)
    if (attesters.size >= attestersForTier && proof !== undefined) this.proofs.set(subject_id, { ...proof, tier: "mesh-verified" })
  }
}

const resultsByDefault = 20
const attestersForTier = 3
/** What an entry scores that matches no word: the deployed embedder finds some likeness in anything. */
const faint = 0.25

const scoreOf = (entity: DeployedEntity, words: ReadonlyArray<string>): number => {
  if (words.length === 0) return faint
  const there = new Set([...tokensOf(entity.name), ...tokensOf(entity.summary), lower(entity.category), ...(entity.tags ?? []).map(lower)])
  const found = words.filter((word) => there.has(word)).length
  return found === 0 ? 0 : faint + (1 - faint) * (found / words.length)
}

const resultOf = ({ category, entity_id, home_registry, name, status, summary, tags }: DeployedEntity, score: number): DeployedResult => ({
  entity_id,
  name,
  summary,
  category,
  tags: tags ?? [],
  home_registry,
  status,
  score,
})

/** The record that an announcement of an entity carries. */
export const entityOf = (said: DeployedAnnouncement): DeployedEntity => ({
  entity_id: said.entity_id,
  name: said.name,
  category: said.category,
  tags: said.tags,
  summary: said.summary,
  entity_type: said.entity_type,
  entity_url: said.entity_url,
  home_registry: said.home_registry,
  developer_id: said.developer_id,
  status: "active",
  originKey: said.origin_public_key,
  isTombstoned: false,
})
